import Tensors

/// m ← coefficient · m + g, v - rate · m (Polyak 1964, as in PyTorch).
public struct Momentum: GradientRule {
    /// The step size, and what is kept of the velocity.
    public let rate: Double, coefficient: Double
    public var description: String { "momentum" }
    public var isAutonomous: Bool { true }
    public var restsWhereGradientVanishes: Bool { true }
    public var hasVelocity: Bool { true }

    public func check(as role: String) throws(SolverError) {
        try checkPositive([("\(role) rate", rate)])
        try checkShare("\(role) momentum", coefficient)
    }

    public func initialState(for variable: [Tensor]) -> [Tensor] { zeros(like: variable) }

    public func step(_ variable: [Tensor], gradient: [Tensor], state: [Tensor]) -> (variable: [Tensor], state: [Tensor])
    {
        let velocity = zip(state, gradient).map { $0 * coefficient + $1 }
        return (zip(variable, velocity).map { $0 - $1 * rate }, velocity)
    }
}

/// m ← coefficient · m + g, v - rate · (g + coefficient · m) (Nesterov 1983 in the form of Sutskever et al. 2013).
public struct NesterovMomentum: GradientRule {
    /// The step size, and what is kept of the velocity.
    public let rate: Double, coefficient: Double
    public var description: String { "Nesterov's momentum" }
    public var isAutonomous: Bool { true }
    public var restsWhereGradientVanishes: Bool { true }
    public var hasVelocity: Bool { true }

    public func check(as role: String) throws(SolverError) {
        try checkPositive([("\(role) rate", rate)])
        try checkShare("\(role) momentum", coefficient)
    }

    public func initialState(for variable: [Tensor]) -> [Tensor] { zeros(like: variable) }

    public func step(_ variable: [Tensor], gradient: [Tensor], state: [Tensor]) -> (variable: [Tensor], state: [Tensor])
    {
        let velocity = zip(state, gradient).map { $0 * coefficient + $1 }
        let ahead = zip(gradient, velocity).map { $0 + $1 * coefficient }
        return (zip(variable, ahead).map { $0 - $1 * rate }, velocity)
    }
}

extension UpdateRule {
    /// m ← coefficient · m + g, v - rate · m (Polyak 1964, as in PyTorch).
    public static func momentum(rate: Double, coefficient: Double = 0.9) -> UpdateRule {
        UpdateRule(Momentum(rate: rate, coefficient: coefficient))
    }

    /// m ← coefficient · m + g, v - rate · (g + coefficient · m) (Nesterov 1983 in the form of Sutskever et al. 2013).
    public static func nesterov(rate: Double, coefficient: Double = 0.9) -> UpdateRule {
        UpdateRule(NesterovMomentum(rate: rate, coefficient: coefficient))
    }
}

/// Velocities and moments at rest.
func zeros(like variable: [Tensor]) -> [Tensor] {
    variable.map { Tensor.zeros($0.shape, elementType: $0.elementType) }
}

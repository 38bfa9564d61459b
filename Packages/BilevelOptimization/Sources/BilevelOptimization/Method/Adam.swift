import Tensors

/// Moments of the gradient, each divided by what it lacks at first (Kingma and Ba 2015): v - rate · m̂/(√(ŝ +
/// epsilonInside) + epsilon).
public struct Adam: GradientRule {
    /// The step size, the two decays of the means, and what is added to the root.
    public let rate: Double, beta1: Double, beta2: Double, epsilon: Double
    /// Added under the square root: with it, second derivatives at a zero gradient are finite.
    public let epsilonInside: Double
    public var description: String { "Adam" }
    public var restsWhereGradientVanishes: Bool { true }

    public func check(as role: String) throws(SolverError) {
        try checkPositive([("\(role) rate", rate)])
        try checkShare("\(role) beta1 of Adam", beta1)
        try checkShare("\(role) beta2 of Adam", beta2)
        guard epsilon >= 0, epsilonInside >= 0 else {
            throw .outOfRange(
                name: "\(role) epsilons of Adam", expected: "numbers that are not negative",
                got: "\(epsilon) and \(epsilonInside)", nearest: "1e-8 and 0")
        }
    }

    /// Moments, and the powers of both betas as scalars that start at 1.
    public func initialState(for variable: [Tensor]) -> [Tensor] {
        let zeros = zeros(like: variable), one = Tensor(1, elementType: variable.first?.elementType ?? .float32)
        return zeros + zeros + [one, one]
    }

    public func step(_ variable: [Tensor], gradient: [Tensor], state: [Tensor]) -> (variable: [Tensor], state: [Tensor])
    {
        let n = variable.count
        let first = zip(state[..<n], gradient).map { $0 * beta1 + $1 * (1 - beta1) }
        let second = zip(state[n..<(2 * n)], gradient).map { $0 * beta2 + $1.squared() * (1 - beta2) }
        let power1 = state[2 * n] * beta1, power2 = state[2 * n + 1] * beta2
        let moved = (0..<n).map { i in
            let mean = first[i] / (1 - power1), variance = second[i] / (1 - power2)
            return variable[i] - mean / ((variance + epsilonInside).sqrt() + epsilon) * rate
        }
        return (moved, first + second + [power1, power2])
    }
}

extension UpdateRule {
    /// Kingma and Ba 2015. `epsilonInside` is added under the square root: with it, second derivatives at a zero
    /// gradient are finite.
    public static func adam(
        rate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, epsilonInside: Double = 0
    ) -> UpdateRule {
        UpdateRule(Adam(rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, epsilonInside: epsilonInside))
    }
}

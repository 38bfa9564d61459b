/// The lower iteration of a method: what moves y, from where, how often, and which part of it counts for the
/// derivative.
public struct LowerLoop: Sendable, Hashable {
    /// What a step is.
    public var dynamics: Dynamics
    /// K, the number of steps.
    public let innerIterations: Int
    /// Where it begins.
    public let initialization: Initialization
    /// Where F is taken.
    public let truncation: Truncation

    func with(_ dynamics: Dynamics) -> LowerLoop {
        var loop = self
        loop.dynamics = dynamics
        return loop
    }
}

// MARK: - What hypergradients ask of a loop

extension LowerLoop {
    /// The step that the derivative goes back to.
    public var firstDifferentiatedStep: Int {
        if case .last(let h) = truncation { innerIterations - h } else { 0 }
    }

    /// For a hypergradient that looks at the trajectory's end only: it gives no dF/dy_0, and there is nothing to
    /// shorten.
    public func checkReadsEndOnly() throws(SolverError) {
        if initialization.isLearned {
            throw .incompatible(
                .initialization,
                expected: "with a hypergradient at the trajectory's end, which gives no dF/dy_0, a given one",
                got: "\(initialization)", nearest: "a warm start, or reverse mode (IA-GM)")
        }
        try checkIsWhole()
    }

    /// For a hypergradient that does not unroll.
    public func checkIsWhole() throws(SolverError) {
        guard truncation == .none else {
            throw .incompatible(
                .truncation, expected: "none with a hypergradient that looks at y_K only",
                got: "a shortened unrolled derivative", nearest: "truncation none")
        }
    }

    /// For a system with the lower objective's Hessian.
    public func checkRestsWhereGradientVanishes(onto lowerConstraint: Constraint) throws(SolverError) {
        guard dynamics.restsWhereGradientVanishes else {
            throw .incompatible(
                .dynamics, expected: "with conjugate gradient and Neumann series dynamics that rest where ∇_y f = 0",
                got: "\(dynamics)", nearest: "reverse mode")
        }
        guard lowerConstraint.isCoordinatewise else {
            throw .incompatible(
                .lowerConstraint,
                expected: "with conjugate gradient and Neumann series a set projected coordinate by coordinate",
                got: "\(lowerConstraint)", nearest: "GMRES on the fixed point")
        }
    }

    /// For an iterative solver of the adjoint system at the step's fixed point.
    func checkEndsAtFixedPoint(adjointIterations: Int) throws(SolverError) {
        try checkReadsEndOnly()
        try checkAtLeastOne("adjoint iterations", adjointIterations)
        try checkIsAutonomous()
    }

    /// For a system with the step's Jacobian at a fixed point.
    public func checkIsAutonomous() throws(SolverError) {
        guard dynamics.isAutonomous else {
            throw .incompatible(
                .dynamics,
                expected: "with a fixed-point hypergradient the same map at every step (descent or momentum)",
                got: "\(dynamics)", nearest: "conjugate gradient, which only expects ∇_y f = 0 at y_K")
        }
    }
}

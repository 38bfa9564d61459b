/// A bilevel method as a combination: what moves y, where y starts, and how far back the derivative goes.
public struct Method: Sendable, Hashable {
    /// What a lower step is.
    public var dynamics: Dynamics
    /// K, the number of lower steps.
    public var innerIterations: Int
    /// Where the lower level begins.
    public var initialization: Initialization
    /// The step at which F is taken.
    public var truncation: Truncation
    /// How its end is differentiated.
    public var hypergradient: Hypergradient
    /// Whether the lower loop's velocities start as those with which z moves, instead of as zeros: what the authors'
    /// code does with momentum.
    public var startsFromVelocityOfInitialization = false
    /// Whether x moves along an implicit hypergradient whose linear system was not solved
    /// (`AdjointReport.Outcome.failed`) instead of `step` throwing `SolverError.adjointFailed`.
    public var acceptsFailedAdjoint = false

    /// A combination of parts; those that make no sense together are refused by the solver.
    public init(
        dynamics: Dynamics, innerIterations: Int, initialization: Initialization = .fixed,
        truncation: Truncation = .none,
        hypergradient: Hypergradient = .reverse
    ) {
        self.dynamics = dynamics
        self.innerIterations = innerIterations
        self.initialization = initialization
        self.truncation = truncation
        self.hypergradient = hypergradient
    }

    /// The lower iteration alone.
    var loop: LowerLoop {
        LowerLoop(
            dynamics: dynamics, innerIterations: innerIterations, initialization: initialization, truncation: truncation
        )
    }
}

/// A bilevel method as a combination: what moves y, where y starts, and how far back the derivative goes.
public struct Method: Sendable, Hashable {
    public var dynamics: Dynamics
    /// K, the number of lower steps.
    public var innerIterations: Int
    public var initialization: Initialization
    public var truncation: Truncation
    public var hypergradient: Hypergradient
    /// Whether the lower loop's velocities start as those with which z moves, instead of as zeros: what the authors'
    /// code does with momentum.
    public var startsFromVelocityOfInitialization = false

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
}

/// Where the lower iteration starts.
public enum Initialization: Sendable, Hashable {
    /// The same y_0 in every upper iteration.
    case fixed
    /// The previous iteration's y_K.
    case warmStart
    /// The initialization auxiliary z (Liu et al. 2021), moved along dF/dz by a rule and projected onto Y.
    case learned(UpdateRule)
}

/// Which part of the trajectory is differentiated.
public enum Truncation: Sendable, Hashable {
    /// All K steps.
    case none
    /// The last h steps only: the earlier ones count as constant (Shaban et al. 2019).
    case last(Int)
    /// Steps 0 … k̄ with k̄ = argmax over 1 ≤ k ≤ K of F(x, y_k), the smallest at ties (Liu et al. 2021).
    case pessimistic
    /// As `pessimistic`, with F after every step, but for a given k̄: to measure what a choice of that length costs.
    case at(Int)
    /// What the authors' code of March 2022 differentiates: as `pessimistic`, but its history holds two entries a step,
    /// so that entry k̄ is step ⌈k̄/2⌉.
    case referenceIndex

    /// Whether F is needed after every step.
    var needsEveryValue: Bool {
        switch self {
        case .pessimistic, .at, .referenceIndex: true
        case .none, .last: false
        }
    }
}

/// A bilevel method as a combination: what moves y, where y starts, and how far back the derivative goes.
public struct Method: Sendable, Hashable {
    public var dynamics: Dynamics
    /// K, the number of lower steps.
    public var innerIterations: Int
    public var initialization: Initialization
    public var truncation: Truncation

    public init(dynamics: Dynamics, innerIterations: Int, initialization: Initialization, truncation: Truncation) {
        self.dynamics = dynamics
        self.innerIterations = innerIterations
        self.initialization = initialization
        self.truncation = truncation
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
    /// Steps 0 … k̄ for a given k̄: to measure what a trajectory of that length costs.
    case at(Int)
}

extension Method {
    /// IAPTT-GM: initialization auxiliary and pessimistic trajectory truncation (Liu et al. 2021, Algorithm 1).
    public static func iapttGM(innerIterations: Int, lowerRate: Double, initializationRate: Double) -> Method {
        Method(dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
               initialization: .learned(.gradientDescent(rate: initializationRate)), truncation: .pessimistic)
    }

    /// IA-GM: the initialization auxiliary alone, k̄ = K (Liu et al. 2021).
    public static func iaGM(innerIterations: Int, lowerRate: Double, initializationRate: Double) -> Method {
        Method(dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
               initialization: .learned(.gradientDescent(rate: initializationRate)), truncation: .none)
    }

    /// RHG: a fixed start and the whole trajectory in reverse mode (Franceschi et al. 2017).
    public static func rhg(innerIterations: Int, lowerRate: Double) -> Method {
        Method(dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
               initialization: .fixed, truncation: .none)
    }

    /// T-RHG: reverse mode through the last `truncationLength` steps (Shaban et al. 2019).
    public static func truncatedRHG(innerIterations: Int, lowerRate: Double, truncationLength: Int) -> Method {
        Method(dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
               initialization: .fixed, truncation: .last(truncationLength))
    }
}

import Tensors

/// Dynamic barrier descent (BOME; Liu, Ye et al. 2022, "BOME! Bilevel Optimization Made Easy: A Simple First-Order
/// Approach"): q̂(x, y) = f(x, y) - f(x, θ) with θ from K lower steps started at y and held constant; (x, y) moves
/// along ∇F + λ ∇q̂, λ = max((η ‖∇q̂‖² - ⟨∇F, ∇q̂⟩)/‖∇q̂‖², 0).
public struct BOME: SingleLevelMethod {
    /// K, and the step sizes of y and x.
    public var innerIterations: Int, lowerRate: Double, upperRate: Double
    /// η.
    public var barrier: Double
    public var name: String { "bome" }

    /// - Parameter barrier: η of the paper.
    public init(innerIterations: Int, lowerRate: Double, upperRate: Double, barrier: Double = 0.5) {
        self.innerIterations = innerIterations
        self.lowerRate = lowerRate
        self.upperRate = upperRate
        self.barrier = barrier
    }

    public var positiveParameters: [(name: String, value: Double)] {
        [
            ("inner iterations", Double(innerIterations)), ("lower rate", lowerRate), ("upper rate", upperRate),
            ("barrier", barrier),
        ]
    }

    public func phases<Upper: TensorTree, Lower: TensorTree>(_ problem: BilevelProblem<Upper, Lower>)
        -> [SingleLevelPhase<Upper, Lower>]
    {
        [
            SingleLevelPhase { s in s.auxiliary = s.y },
            SingleLevelPhase(repetitions: innerIterations) { s in
                s.auxiliary = s.auxiliary.moved(
                    along: problem.lowerGradients(s.x, s.auxiliary).y, rate: lowerRate, onto: problem.lowerConstraint)
            },
            SingleLevelPhase { s in
                let F = problem.upperGradients(s.x, s.y), f = problem.lowerGradients(s.x, s.y),
                    best = problem.lowerGradients(s.x, s.auxiliary)
                let gap = (x: f.x.minus(best.x), y: f.y)
                let squares = gap.x.dot(gap.x) + gap.y.dot(gap.y), along = F.x.dot(gap.x) + F.y.dot(gap.y)
                // Where the gap's gradient vanishes, so does its part of the step: the smallest number keeps 0/0 away.
                let λ = ((squares * barrier - along) / (squares + 1e-30)).maximum(0)
                let x = s.x.moved(along: F.x.adding(gap.x, times: λ), rate: upperRate, onto: problem.upperConstraint)
                s.y = s.y.moved(along: F.y.adding(gap.y, times: λ), rate: upperRate, onto: problem.lowerConstraint)
                s.x = x
            },
        ]
    }
}

import Tensors

/// Penalty-based bilevel gradient descent on the value gap (V-PBGD; Shen and Chen 2023, "On Penalty-based Bilevel
/// Gradient Descent Method"): θ ≈ argmin f(x, ·) by K steps, then one projected step on F + γ (f(x, y) - f(x, θ)) in x
/// and y together. For a fixed γ the solution is O(1/γ) away; the step must be below 1/(L γ).
public struct PBGD: SingleLevelMethod {
    /// K, and the step sizes of y and x.
    public var innerIterations: Int, lowerRate: Double, upperRate: Double
    /// γ.
    public var penalty: Double
    public var name: String { "pbgd" }

    /// - Parameter penalty: γ; the bias is of order 1/γ.
    public init(innerIterations: Int, lowerRate: Double, upperRate: Double, penalty: Double) {
        self.innerIterations = innerIterations
        self.lowerRate = lowerRate
        self.upperRate = upperRate
        self.penalty = penalty
    }

    public var positiveParameters: [(name: String, value: Double)] {
        [
            ("inner iterations", Double(innerIterations)), ("lower rate", lowerRate), ("upper rate", upperRate),
            ("penalty", penalty),
        ]
    }

    public func phases<Upper: TensorTree, Lower: TensorTree>(_ problem: BilevelProblem<Upper, Lower>)
        -> [SingleLevelPhase<Upper, Lower>]
    {
        [
            SingleLevelPhase(repetitions: innerIterations) { s in
                s.auxiliary = s.auxiliary.moved(
                    along: problem.lowerGradients(s.x, s.auxiliary).y, rate: lowerRate, onto: problem.lowerConstraint)
            },
            SingleLevelPhase { s in
                let F = problem.upperGradients(s.x, s.y), f = problem.lowerGradients(s.x, s.y),
                    best = problem.lowerGradients(s.x, s.auxiliary)
                let x = s.x.moved(
                    along: F.x.adding(f.x.minus(best.x), times: penalty), rate: upperRate, onto: problem.upperConstraint
                )
                s.y = s.y.moved(along: F.y.adding(f.y, times: penalty), rate: upperRate, onto: problem.lowerConstraint)
                s.x = x
            },
        ]
    }
}

import Tensors

/// Fully first-order approximation (F2SA; Kwon et al. 2023, "A Fully First-Order Method for Stochastic Bilevel
/// Optimization"), with exact gradients: z follows argmin f(x, ·), y follows argmin F/λ + f, and x moves along ∇_x F +
/// λ (∇_x f(x, y) - ∇_x f(x, z)), while λ grows by a fixed amount an iteration. The bias is O(1/λ).
public struct F2SA: SingleLevelMethod {
    /// K, and the step sizes of y and x.
    public var innerIterations: Int, lowerRate: Double, upperRate: Double
    /// λ of the first iteration, and what is added to it after each.
    public var multiplier: Double, multiplierIncrement: Double
    public var name: String { "f2sa" }

    /// - Parameters:
    ///   - multiplier: λ at the start.
    ///   - multiplierIncrement: what is added to it an iteration.
    public init(
        innerIterations: Int, lowerRate: Double, upperRate: Double, multiplier: Double = 1,
        multiplierIncrement: Double = 0.1
    ) {
        self.innerIterations = innerIterations
        self.lowerRate = lowerRate
        self.upperRate = upperRate
        self.multiplier = multiplier
        self.multiplierIncrement = multiplierIncrement
    }

    public var positiveParameters: [(name: String, value: Double)] {
        [
            ("inner iterations", Double(innerIterations)), ("lower rate", lowerRate), ("upper rate", upperRate),
            ("multiplier", multiplier),
        ]
    }

    public func phases<Upper: TensorTree, Lower: TensorTree>(_ problem: BilevelProblem<Upper, Lower>)
        -> [SingleLevelPhase<Upper, Lower>]
    {
        func λ(_ t: Tensor) -> Tensor { t * multiplierIncrement + multiplier }
        return [
            SingleLevelPhase(repetitions: innerIterations) { s in
                let F = problem.upperGradients(s.x, s.y).y, f = problem.lowerGradients(s.x, s.y).y
                s.auxiliary = s.auxiliary.moved(
                    along: problem.lowerGradients(s.x, s.auxiliary).y, rate: lowerRate, onto: problem.lowerConstraint)
                s.y = s.y.moved(
                    along: f.adding(F, times: λ(s.t).reciprocal()), rate: lowerRate, onto: problem.lowerConstraint)
            },
            SingleLevelPhase { s in
                let F = problem.upperGradients(s.x, s.y).x,
                    gap = problem.lowerGradients(s.x, s.y).x.minus(problem.lowerGradients(s.x, s.auxiliary).x)
                s.x = s.x.moved(along: F.adding(gap, times: λ(s.t)), rate: upperRate, onto: problem.upperConstraint)
                s.t = s.t + 1
            },
        ]
    }
}

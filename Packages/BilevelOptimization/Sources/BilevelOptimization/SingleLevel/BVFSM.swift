import Tensors

/// Value-function-based sequential minimisation (BVFSM; Liu et al. 2021, "A Value-Function-based Interior-point Method
/// for Non-convex Bi-level Optimization", and its T-PAMI sequel with exterior penalties, the form used here): z
/// minimises f(x, ·) + μ/2 ‖·‖²; y minimises F + max(f(x, y) - f(x, z), 0)²/(2σ) + μ/2 ‖y‖²; x moves along ∇_x F +
/// max(gap, 0)/σ · (∇_x f(x, y) - ∇_x f(x, z)). Both μ and σ shrink by a factor an iteration, down to a floor. The gap
/// grows with the square of y's distance from its solution, so that this distance falls like σ^(1/3) only.
public struct BVFSM: SingleLevelMethod {
    /// K, and the step sizes of y and x.
    public var innerIterations: Int, lowerRate: Double, upperRate: Double
    /// σ and μ of the first iteration, the factor, and where they stop.
    public var penalty: Double, regularization: Double, decay: Double, floor: Double
    public var name: String { "bvfsm" }

    /// - Parameters:
    ///   - penalty: σ of the first iteration.
    ///   - regularization: μ of the first iteration.
    ///   - decay: the factor of both, an iteration, down to `floor`.
    public init(
        innerIterations: Int, lowerRate: Double, upperRate: Double, penalty: Double = 1, regularization: Double = 0.1,
        decay: Double = 0.99, floor: Double = 1e-5
    ) {
        self.innerIterations = innerIterations
        self.lowerRate = lowerRate
        self.upperRate = upperRate
        self.penalty = penalty
        self.regularization = regularization
        self.decay = decay
        self.floor = floor
    }

    public var positiveParameters: [(name: String, value: Double)] {
        [
            ("inner iterations", Double(innerIterations)), ("lower rate", lowerRate), ("upper rate", upperRate),
            ("penalty", penalty), ("decay", decay), ("floor", floor),
        ]
    }

    public func phases<Upper: TensorTree, Lower: TensorTree>(_ problem: BilevelProblem<Upper, Lower>)
        -> [SingleLevelPhase<Upper, Lower>]
    {
        func shrunk(_ start: Double, _ t: Tensor) -> Tensor {
            (Tensor(decay, elementType: t.elementType).power(t) * start).maximum(floor)
        }
        func weight(_ s: SingleLevelState<Upper, Lower>) -> Tensor {
            (problem.lowerObjective(s.x, s.y) - problem.lowerObjective(s.x, s.auxiliary)).maximum(0)
                / shrunk(penalty, s.t)
        }
        return [
            SingleLevelPhase(repetitions: innerIterations) { s in
                let pulled = problem.lowerGradients(s.x, s.auxiliary).y.adding(
                    s.auxiliary, times: shrunk(regularization, s.t))
                s.auxiliary = s.auxiliary.moved(along: pulled, rate: lowerRate, onto: problem.lowerConstraint)
            },
            SingleLevelPhase(repetitions: innerIterations) { s in
                let gradient = problem.upperGradients(s.x, s.y).y.adding(
                    problem.lowerGradients(s.x, s.y).y, times: weight(s)
                )
                .adding(s.y, times: shrunk(regularization, s.t))
                // The penalty's curvature grows with its weight w: near the solution ‖∇f‖²/σ ≈ 2L w stands beside L w.
                s.y = s.y.moved(along: gradient, rate: lowerRate / (1 + 3 * weight(s)), onto: problem.lowerConstraint)
            },
            SingleLevelPhase { s in
                let gap = problem.lowerGradients(s.x, s.y).x.minus(problem.lowerGradients(s.x, s.auxiliary).x)
                s.x = s.x.moved(
                    along: problem.upperGradients(s.x, s.y).x.adding(gap, times: weight(s)),
                    rate: upperRate / (1 + 3 * weight(s)), onto: problem.upperConstraint)
                s.t = s.t + 1
            },
        ]
    }
}

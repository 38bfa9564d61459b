import Tensors

/// Moreau-envelope Hessian-free algorithm (MEHA; Liu et al. 2024, "Moreau Envelope for Nonconvex Bi-Level
/// Optimization", Algorithm 1): v_γ(x, y) = min over θ of f(x, θ) + ‖θ - y‖²/(2γ), followed by one step of θ an
/// iteration; then x and y move on F/c_t + f - v_γ with c_t = c (t + 1)^p. Single loop; works for weakly convex f when
/// γ is small.
public struct MEHA: SingleLevelMethod {
    /// Steps of y, θ and x.
    public var lowerRate: Double, proximalRate: Double, upperRate: Double
    /// γ.
    public var smoothing: Double
    /// c and p < 1/2.
    public var penalty: Double, penaltyPower: Double
    public var name: String { "meha" }

    /// - Parameters:
    ///   - proximalRate: of the Moreau envelope's variable; nil for `lowerRate`.
    ///   - smoothing: γ of the envelope.
    ///   - penaltyPower: the penalty grows by this power of the iteration.
    public init(
        lowerRate: Double, proximalRate: Double? = nil, upperRate: Double, smoothing: Double = 10, penalty: Double = 2,
        penaltyPower: Double = 0.49
    ) {
        self.lowerRate = lowerRate
        self.proximalRate = proximalRate ?? lowerRate
        self.upperRate = upperRate
        self.smoothing = smoothing
        self.penalty = penalty
        self.penaltyPower = penaltyPower
    }

    public var positiveParameters: [(name: String, value: Double)] {
        [
            ("lower rate", lowerRate), ("proximal rate", proximalRate), ("upper rate", upperRate),
            ("smoothing", smoothing), ("penalty", penalty),
        ]
    }

    public func phases<Upper: TensorTree, Lower: TensorTree>(_ problem: BilevelProblem<Upper, Lower>)
        -> [SingleLevelPhase<Upper, Lower>]
    {
        [
            SingleLevelPhase { s in
                let proximal = problem.lowerGradients(s.x, s.auxiliary).y.adding(
                    s.auxiliary.minus(s.y), times: 1 / smoothing)
                s.auxiliary = s.auxiliary.moved(along: proximal, rate: proximalRate, onto: problem.lowerConstraint)
                let share = ((s.t + 1).power(penaltyPower) * penalty).reciprocal()  // 1/c_t
                let upper = problem.upperGradients(s.x, s.y).x,
                    gap = problem.lowerGradients(s.x, s.y).x.minus(problem.lowerGradients(s.x, s.auxiliary).x)
                s.x = s.x.moved(along: gap.adding(upper, times: share), rate: upperRate, onto: problem.upperConstraint)
                let F = problem.upperGradients(s.x, s.y).y, f = problem.lowerGradients(s.x, s.y).y
                s.y = s.y.moved(
                    along: f.adding(F, times: share).adding(s.y.minus(s.auxiliary), times: -1 / smoothing),
                    rate: lowerRate, onto: problem.lowerConstraint)
                s.t = s.t + 1
            }
        ]
    }
}

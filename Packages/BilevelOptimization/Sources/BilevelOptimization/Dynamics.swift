import Tensors

/// The lower iteration y_{k+1} = Φ_k(x, y_k), with the projection onto Y inside the step.
public enum Dynamics: Sendable, Hashable {
    /// An update rule along ∇_y f.
    case descent(UpdateRule)
    /// Nesterov's acceleration with FISTA's coefficients (Beck and Teboulle 2009), u_0 = y_0 and t_0 = 1: y_{k+1} =
    /// Proj(u_k - rate ∇_y f(x, u_k)), t_{k+1} = (1 + √(1 + 4 t_k²))/2, u_{k+1} = y_{k+1} + (t_k - 1)/t_{k+1} (y_{k+1}
    /// - y_k).
    case accelerated(rate: Double)
    /// Both levels aggregated (BDA, Liu et al. 2020): y_{k+1} = Proj(y_k - (mix · upperRate/(k+1) · ∇_y F + (1 - mix) ·
    /// lowerRate · ∇_y f)). The upper level's part vanishes with k, as their convergence theory asks.
    case aggregated(mix: Double, upperRate: Double, lowerRate: Double)

    /// What a step carries besides y, as a function of y_0: velocities, or u and t, or k + 1.
    func initialState(for lower: [Tensor]) -> [Tensor] {
        let one = Tensor(1, elementType: lower.first?.elementType ?? .float32)
        return switch self {
        case .descent(let rule): rule.initialState(for: lower)
        case .accelerated: lower + [one]
        case .aggregated: [one]
        }
    }

    func step<Upper: TensorTree, Lower: TensorTree>(
        _ problem: BilevelProblem<Upper, Lower>, _ upper: Upper, _ lower: Lower, state: [Tensor]
    ) -> (lower: [Tensor], state: [Tensor]) {
        func slope(_ y: Lower) -> [Tensor] {
            let slopes = gradient(of: problem.lowerObjective(upper, y), withRespectTo: y).tensors
            return problem.stepSizes.map { sizes in zip(slopes, sizes(upper)).map { $0 * $1 } } ?? slopes
        }
        let y = lower.tensors
        switch self {
        case .descent(let rule):
            let moved = rule.step(y, gradient: slope(lower), state: state)
            return (problem.stepConstraint.projection(moved.variable), moved.state)
        case .accelerated(let rate):
            let u = lower.with(Array(state[..<y.count])), t = state[y.count]
            let next = problem.stepConstraint.projection(zip(u.tensors, slope(u)).map { $0 - $1 * rate })
            let nextT = (1 + (1 + 4 * t.squared()).sqrt()) * 0.5
            let ahead = zip(next, y).map { $0 + ($0 - $1) * ((t - 1) / nextT) }
            return (next, ahead + [nextT])
        case .aggregated(let mix, let upperRate, let lowerRate):
            let upperSlope = gradient(of: problem.upperObjective(upper, lower), withRespectTo: lower).tensors
            let moved = zip(y, zip(upperSlope, slope(lower))).map { y, slopes in
                y - (slopes.0 * (mix * upperRate / state[0]) + slopes.1 * ((1 - mix) * lowerRate))
            }
            return (problem.stepConstraint.projection(moved), [state[0] + 1])
        }
    }

    /// The dynamics that solve a lower problem when nothing of the upper level is known, as a new task's query labels:
    /// BDA's lower part alone.
    var withoutUpperLevel: Dynamics {
        if case .aggregated(_, _, let lowerRate) = self { .descent(.gradientDescent(rate: lowerRate)) } else { self }
    }

    /// The step sizes, for checks.
    var rates: [Double] {
        switch self {
        case .descent(let rule): [rule.rate]
        case .accelerated(let rate): [rate]
        case .aggregated(_, let upperRate, let lowerRate): [upperRate, lowerRate]
        }
    }

    /// Whether the same map is applied at every step, so that its limit is a fixed point: what the adjoint iterations
    /// assume.
    var isAutonomous: Bool {
        switch self {
        case .descent(.gradientDescent), .descent(.momentum), .descent(.nesterov): true
        case .descent(.adam), .accelerated, .aggregated: false
        }
    }
}

extension Dynamics: CustomStringConvertible {
    public var description: String {
        switch self {
        case .descent(.gradientDescent): "gradient descent"
        case .descent(.momentum): "momentum"
        case .descent(.nesterov): "Nesterov's momentum"
        case .descent(.adam): "Adam"
        case .accelerated: "Nesterov's acceleration"
        case .aggregated: "BDA's aggregation"
        }
    }
}

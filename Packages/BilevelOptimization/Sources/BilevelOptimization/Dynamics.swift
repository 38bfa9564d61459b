import Tensors

/// The lower iteration y_{k+1} = Φ_k(x, y_k), with the projection onto Y inside the step.
public enum Dynamics: Sendable, Hashable {
    /// An update rule along ∇_y f.
    case descent(UpdateRule)
    /// Nesterov's acceleration with FISTA's coefficients (Beck and Teboulle 2009), u_0 = y_0 and t_0 = 1:
    /// y_{k+1} = Proj(u_k - rate ∇_y f(x, u_k)), t_{k+1} = (1 + √(1 + 4 t_k²))/2, u_{k+1} = y_{k+1} + (t_k - 1)/t_{k+1} (y_{k+1} - y_k).
    case accelerated(rate: Double)

    /// What a step carries besides y, as a function of y_0: velocities, or u and t.
    func initialState(for lower: [Tensor]) -> [Tensor] {
        switch self {
        case .descent(let rule): rule.initialState(for: lower)
        case .accelerated: lower + [Tensor(1, elementType: lower.first?.elementType ?? .float32)]
        }
    }

    func step<Upper: TensorTree, Lower: TensorTree>(
        _ problem: BilevelProblem<Upper, Lower>, _ upper: Upper, _ lower: Lower, state: [Tensor]
    ) -> (lower: [Tensor], state: [Tensor]) {
        switch self {
        case .descent(let rule):
            let slope = gradient(of: problem.lowerObjective(upper, lower), withRespectTo: lower).tensors
            let moved = rule.step(lower.tensors, gradient: slope, state: state)
            return (problem.lowerConstraint.projection(moved.variable), moved.state)
        case .accelerated(let rate):
            let y = lower.tensors, u = lower.with(Array(state[..<y.count])), t = state[y.count]
            let slope = gradient(of: problem.lowerObjective(upper, u), withRespectTo: u).tensors
            let next = problem.lowerConstraint.projection(zip(u.tensors, slope).map { $0 - $1 * rate })
            let nextT = (1 + (1 + 4 * t.squared()).sqrt()) * 0.5
            let ahead = zip(next, y).map { $0 + ($0 - $1) * ((t - 1) / nextT) }
            return (next, ahead + [nextT])
        }
    }
}

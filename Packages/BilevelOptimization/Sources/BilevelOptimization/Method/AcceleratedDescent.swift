import Tensors

/// Nesterov's acceleration with FISTA's coefficients (Beck and Teboulle 2009), u_0 = y_0 and t_0 = 1: y_{k+1} =
/// Proj(u_k - rate ∇_y f(x, u_k)), t_{k+1} = (1 + √(1 + 4 t_k²))/2, u_{k+1} = y_{k+1} + (t_k - 1)/t_{k+1} (y_{k+1} -
/// y_k).
public struct AcceleratedDescent: LowerIteration {
    /// The step size.
    public let rate: Double
    public var description: String { "Nesterov's acceleration" }
    public var restsWhereGradientVanishes: Bool { true }

    /// u and t.
    public func initialState(for lower: [Tensor]) -> [Tensor] {
        lower + [Tensor(1, elementType: lower.first?.elementType ?? .float32)]
    }

    public func step(_ lower: [Tensor], state: [Tensor], in level: LowerLevel) -> (lower: [Tensor], state: [Tensor]) {
        let u = Array(state[..<lower.count]), t = state[lower.count]
        let next = level.projection(zip(u, level.gradient(at: u)).map { $0 - $1 * rate })
        let nextT = (1 + (1 + 4 * t.squared()).sqrt()) * 0.5
        let ahead = zip(next, lower).map { $0 + ($0 - $1) * ((t - 1) / nextT) }
        return (next, ahead + [nextT])
    }
}

extension Dynamics {
    /// Nesterov's acceleration with FISTA's coefficients (Beck and Teboulle 2009).
    public static func accelerated(rate: Double) -> Dynamics { Dynamics(AcceleratedDescent(rate: rate)) }
}

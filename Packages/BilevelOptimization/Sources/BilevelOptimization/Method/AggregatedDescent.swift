import Tensors

/// Both levels aggregated (BDA, Liu et al. 2020): y_{k+1} = Proj(y_k - (mix · upperRate/(k+1) · ∇_y F + (1 - mix) ·
/// lowerRate · ∇_y f)). The upper level's part vanishes with k, as their convergence theory asks.
public struct AggregatedDescent: LowerIteration {
    /// The share of ∇F, its rate, and that of ∇f.
    public let mix: Double, upperRate: Double, lowerRate: Double
    /// That of ∇f.
    public var rate: Double { lowerRate }
    public var description: String { "BDA's aggregation" }
    /// The lower level's part alone.
    public var withoutUpperLevel: Dynamics { .descent(.gradientDescent(rate: lowerRate)) }

    public func check() throws(SolverError) {
        try checkPositive([("lower rate", upperRate), ("lower rate", lowerRate)])
        try checkShare("aggregation mix", mix, includingOne: true)
    }

    /// k + 1.
    public func initialState(for lower: [Tensor]) -> [Tensor] {
        [Tensor(1, elementType: lower.first?.elementType ?? .float32)]
    }

    public func step(_ lower: [Tensor], state: [Tensor], in level: LowerLevel) -> (lower: [Tensor], state: [Tensor]) {
        let gradients = zip(level.upperGradient(at: lower), level.gradient(at: lower))
        let moved = zip(lower, gradients).map { y, both in
            y - (both.0 * (mix * upperRate / state[0]) + both.1 * ((1 - mix) * lowerRate))
        }
        return (level.projection(moved), [state[0] + 1])
    }
}

extension Dynamics {
    /// Both levels aggregated (BDA, Liu et al. 2020).
    public static func aggregated(mix: Double, upperRate: Double, lowerRate: Double) -> Dynamics {
        Dynamics(AggregatedDescent(mix: mix, upperRate: upperRate, lowerRate: lowerRate))
    }
}

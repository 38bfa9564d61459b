import Tensors

/// A bilevel problem whose objectives are means over samples: F = 1/m Σ_j F_j(x, y), f = 1/n Σ_i f_i(x, y), both
/// without constraints.
public struct StochasticProblem<Upper: TensorTree, Lower: TensorTree>: Sendable {
    /// The mean over the samples with these numbers (int32 [batch]).
    public let upperObjective: @Sendable (Upper, Lower, _ samples: Tensor) -> Tensor
    public let lowerObjective: @Sendable (Upper, Lower, _ samples: Tensor) -> Tensor
    /// m and n.
    public let upperSampleCount: Int, lowerSampleCount: Int

    public init(
        upperSampleCount: Int, lowerSampleCount: Int,
        upperObjective: @escaping @Sendable (Upper, Lower, Tensor) -> Tensor,
        lowerObjective: @escaping @Sendable (Upper, Lower, Tensor) -> Tensor
    ) {
        self.upperSampleCount = upperSampleCount
        self.lowerSampleCount = lowerSampleCount
        self.upperObjective = upperObjective
        self.lowerObjective = lowerObjective
    }
}

/// How a stochastic method moves x, y and the adjoint v (which follows -(∇²_yy f)⁻¹ ∇_y F) with batches of samples.
public enum StochasticMethod: Sendable, Hashable {
    /// Single loop: all three move at once (SOBA; Dagréou et al. 2022, Algorithm 1).
    case soba
    /// SOBA with SAGA's variance reduction: the last value of each batch is remembered (SABA; Dagréou et al. 2022).
    case saba
    /// `innerIterations` steps of y, then a Neumann series of `terms` products, each with its own batch (StocBiO; Ji et
    /// al. 2021).
    case stocBiO(innerIterations: Int = 10, terms: Int = 10)
    /// `innerIterations` steps of y and as many of v, both warm-started (AmIGO; Arbel and Mairal 2022).
    case amIGO(innerIterations: Int = 10)

    public var name: String {
        switch self {
        case .soba: "soba"
        case .saba: "saba"
        case .stocBiO: "stocbio"
        case .amIGO: "amigo"
        }
    }
}

/// Step sizes at iteration t (from 0): lowerRate (1 + t)^-lowerDecay for y and v, upperRate (1 + t)^-upperDecay for x.
public struct StochasticRates: Sendable, Hashable {
    public var lowerRate: Double, upperRate: Double
    public var lowerDecay: Double, upperDecay: Double

    /// Decays of 2/5 and 3/5 are those of SOBA's convergence theorem; variance reduction needs none.
    public init(lowerRate: Double, upperRate: Double, lowerDecay: Double = 0, upperDecay: Double = 0) {
        self.lowerRate = lowerRate
        self.upperRate = upperRate
        self.lowerDecay = lowerDecay
        self.upperDecay = upperDecay
    }
}

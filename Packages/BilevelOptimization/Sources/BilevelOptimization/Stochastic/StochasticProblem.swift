import Tensors

/// A bilevel problem whose objectives are means over samples: F = 1/m Σ_j F_j(x, y), f = 1/n Σ_i f_i(x, y), both
/// without constraints.
public struct StochasticProblem<Upper: TensorTree, Lower: TensorTree>: Sendable {
    /// The mean over the samples with these numbers (int32 [batch]).
    public let upperObjective: @Sendable (Upper, Lower, _ samples: Tensor) -> Tensor
    /// f's mean over the samples with these indices, int32 [n].
    public let lowerObjective: @Sendable (Upper, Lower, _ samples: Tensor) -> Tensor
    /// m and n.
    public let upperSampleCount: Int, lowerSampleCount: Int

    /// - Parameter upperSampleCount: of the sum that F is the mean of; `lowerSampleCount` of f's.
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

/// Step sizes at iteration t (from 0): lowerRate (1 + t)^-lowerDecay for y and v, upperRate (1 + t)^-upperDecay for x.
public struct StochasticRates: Sendable, Hashable {
    /// The step sizes of the first iteration.
    public var lowerRate: Double, upperRate: Double
    /// The rates of iteration t are divided by (t + 1) to this power.
    public var lowerDecay: Double, upperDecay: Double

    /// Decays of 2/5 and 3/5 are those of SOBA's convergence theorem; variance reduction needs none.
    public init(lowerRate: Double, upperRate: Double, lowerDecay: Double = 0, upperDecay: Double = 0) {
        self.lowerRate = lowerRate
        self.upperRate = upperRate
        self.lowerDecay = lowerDecay
        self.upperDecay = upperDecay
    }
}

extension StochasticProblem {
    /// Whether there are samples, in whole batches.
    func check(batchSize: Int) throws(SolverError) {
        for (name, count) in [("upper", upperSampleCount), ("lower", lowerSampleCount)] {
            try checkAtLeastOne("samples of the \(name) objective", count)
            guard batchSize >= 1, count % batchSize == 0 else {
                let divisors = (1...count).filter { count % $0 == 0 }
                throw .outOfRange(
                    name: "batch size", expected: "a divisor of the \(count) samples", got: "\(batchSize)",
                    nearest: "\(divisors.min { abs($0 - batchSize) < abs($1 - batchSize) }!)")
            }
        }
    }
}

extension StochasticRates {
    /// Whether the step sizes are positive, and do not grow.
    func check(for method: String) throws(SolverError) {
        try checkPositive([("\(method), lower rate", lowerRate), ("\(method), upper rate", upperRate)])
        for (name, decay) in [("lower", lowerDecay), ("upper", upperDecay)] where !(decay >= 0 && decay.isFinite) {
            throw .outOfRange(
                name: "\(method), \(name) decay", expected: "a number that is not negative", got: "\(decay)",
                nearest: "0")
        }
    }
}

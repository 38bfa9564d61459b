import Tensors

/// SOBA with SAGA's variance reduction: in each quantity's place g_B - remembered g_B + mean of the remembered ones
/// (SABA; Dagréou et al. 2022).
public struct SABA: StochasticIteration {
    public var name: String { "saba" }
    public var remembersBatches: Bool { true }

    public func step(_ s: StochasticIterate) {
        guard let memory = s.memory else { return }
        let lowerBatch = s.drawLowerBatch(), upperBatch = s.drawUpperBatch()
        s.computeLowerDerivatives(batch: lowerBatch)
        s.computeUpperDerivatives(batch: upperBatch)
        memory.gradient.move(s.y, s.lowerRate, quantity: s.lowerDerivatives.gradient, batch: lowerBatch)
        memory.curved.move(s.v, s.lowerRate, quantity: s.lowerDerivatives.curved, batch: lowerBatch)
        memory.mixed.move(s.x, s.upperRate, quantity: s.lowerDerivatives.mixed, batch: lowerBatch)
        memory.direct.move(s.v, s.lowerRate, quantity: s.upperDerivatives.lower, batch: upperBatch)
        memory.upper.move(s.x, s.upperRate, quantity: s.upperDerivatives.upper, batch: upperBatch)
    }
}

extension StochasticMethod {
    /// SOBA with SAGA's variance reduction: the last value of each batch is remembered (SABA; Dagréou et al. 2022).
    public static let saba = StochasticMethod(SABA())
}

import Tensors

/// Single loop: y ← y - ρ ∇_y f_B, v ← v - ρ (∇²_yy f_B v + ∇_y F_B'), x ← x - γ (∇²_xy f_B v + ∇_x F_B'), all from the
/// same point (SOBA; Dagréou et al. 2022, Algorithm 1).
public struct SOBA: StochasticIteration {
    public var name: String { "soba" }

    public func step(_ s: StochasticIterate) {
        s.computeLowerDerivatives(batch: s.drawLowerBatch())
        s.computeUpperDerivatives(batch: s.drawUpperBatch())
        s.y.add(-s.lowerRate, s.lowerDerivatives.gradient)
        s.v.add(-s.lowerRate, s.lowerDerivatives.curved)
        s.v.add(-s.lowerRate, s.upperDerivatives.lower)
        s.x.add(-s.upperRate, s.lowerDerivatives.mixed)
        s.x.add(-s.upperRate, s.upperDerivatives.upper)
    }
}

extension StochasticMethod {
    /// Single loop: all three move at once (SOBA; Dagréou et al. 2022, Algorithm 1).
    public static let soba = StochasticMethod(SOBA())
}

import RunSupport
import Tensors

/// Along which v the hypergradient of the upper variables asks each sample: dF/dw_i = -1/B ⟨v, ∇_y ℓ_i⟩ up to a
/// factor, by how far it looks back (or, in the limit, at the whole of the training).
package enum UpperDirection: String, NamedSetting {
    /// One step of gradient descent: v = ∇_y F.
    case oneStep = "one-step"
    /// The last h steps, as if all were on this batch and at this y: v = Σ_{j < h} (1 - ρ ∇²_yy f)^j ∇_y F (truncated
    /// Neumann series, Lorraine et al. 2020).
    case lastSteps = "last-steps"
    /// v follows (∇²_yy f)⁻¹ ∇_y F from batch to batch, v ← v - ρ (∇²_yy f v - ∇_y F) (SOBA; Dagréou et al. 2022).
    case soba

    /// ρ: that of gradient descent on y.
    package static let rate = CleaningConfiguration.Optimizer.sgd.standardRate

    /// What is kept of `parameters`' form from batch to batch, at first.
    func state(for parameters: [Tensor]) -> [Tensor] {
        self == .soba ? parameters.map { Tensor.zeros($0.shape).evaluated() } : []
    }

    /// v, and what is kept for the next batch.
    /// - Parameters:
    ///   - slope: ∇_y F.
    ///   - kept: as ``state(for:)``.
    ///   - steps: h.
    ///   - curved: ∇²_yy f times a vector.
    func callAsFunction(
        _ slope: [Tensor], kept: [Tensor], steps: Int, curved: ([Tensor]) -> [Tensor]
    ) -> (v: [Tensor], kept: [Tensor]) {
        func stepped(_ v: [Tensor]) -> [Tensor] { zip(v, curved(v)).map { $0 - $1 * Self.rate } }
        switch self {
        case .oneStep: return (slope, kept)
        case .soba: return (kept, zip(stepped(kept), slope).map { $0 + $1 * Self.rate })
        case .lastSteps:
            var term = slope, v = slope
            for _ in 1..<steps {
                term = stepped(term)
                v = zip(v, term).map { $0 + $1 }
            }
            return (v, kept)
        }
    }
}

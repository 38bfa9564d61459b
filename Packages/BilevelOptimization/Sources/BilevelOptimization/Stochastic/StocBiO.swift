import Tensors

/// `innerIterations` steps of y, then a Neumann series of `terms` products, each with its own batch (StocBiO; Ji et al.
/// 2021): v = -η Σ_q Π (I - η ∇²_yy f_B) ∇_y F_B with a constant η, for a shrinking one would shorten the series.
public struct StocBiO: StochasticIteration {
    /// Steps of y an iteration, and terms of the Neumann series.
    public let innerIterations: Int, terms: Int
    public var name: String { "stocbio" }

    public func check() throws(SolverError) {
        try checkAtLeastOne("stocbio, inner iterations", innerIterations)
        try checkAtLeastOne("stocbio, terms", terms)
    }

    public func step(_ s: StochasticIterate) {
        s.moveLower(times: innerIterations)
        s.computeUpperDerivatives(batch: s.drawUpperBatch())
        s.term.copy(from: s.upperDerivatives.lower)
        s.v.clear()
        for _ in 0..<terms {
            s.v.add(-s.firstLowerRate, s.term)
            s.curvedProduct(s.term, batch: s.drawLowerBatch(), into: s.product)
            s.term.add(-s.firstLowerRate, s.product)
        }
        s.moveUpper()
    }
}

extension StochasticMethod {
    /// `innerIterations` steps of y, then a Neumann series of `terms` products, each with its own batch (StocBiO; Ji et
    /// al. 2021).
    public static func stocBiO(innerIterations: Int = 10, terms: Int = 10) -> StochasticMethod {
        StochasticMethod(StocBiO(innerIterations: innerIterations, terms: terms))
    }
}

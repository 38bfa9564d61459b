import Tensors

/// `innerIterations` steps of y and as many of v on ½ vᵀ ∇²_yy f_B v + vᵀ ∇_y F_B', both warm-started (AmIGO; Arbel and
/// Mairal 2022).
public struct AmIGO: StochasticIteration {
    /// Steps of y and of v, an iteration.
    public let innerIterations: Int
    public var name: String { "amigo" }

    public func check() throws(SolverError) { try checkAtLeastOne("amigo, inner iterations", innerIterations) }

    public func step(_ s: StochasticIterate) {
        s.moveLower(times: innerIterations)
        s.computeUpperDerivatives(batch: s.drawUpperBatch())
        for _ in 0..<innerIterations {
            s.curvedProduct(s.v, batch: s.drawLowerBatch(), into: s.product)
            s.product.add(1, s.upperDerivatives.lower)
            s.v.add(-s.lowerRate, s.product)
        }
        s.moveUpper()
    }
}

extension StochasticMethod {
    /// `innerIterations` steps of y and as many of v, both warm-started (AmIGO; Arbel and Mairal 2022).
    public static func amIGO(innerIterations: Int = 10) -> StochasticMethod {
        StochasticMethod(AmIGO(innerIterations: innerIterations))
    }
}

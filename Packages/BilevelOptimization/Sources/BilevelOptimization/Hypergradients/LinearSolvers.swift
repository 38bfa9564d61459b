import Tensors

/// Solvers for A v = b where A is only known by its products. `multiply` writes A·p.
///
/// None goes on past its best iterate: an answer has a smaller residual than v = 0, and than what came before it, or
/// the report says that the solver failed. The residual that is reported is that of the answer, from one more product.
enum LinearSolvers {
    typealias Vector = Point
    typealias Product = (_ p: Vector, _ result: Vector) -> Void

    /// The distance from 1 to the next number of the vectors' element type; the coarsest where there are several.
    static func precision(of b: Vector) -> Double {
        b.layout.types.contains { $0.elementType == .float32 } ? Double(Float.ulpOfOne) : Double.ulpOfOne
    }

    /// What the true residual of an answer says of it.
    /// - Parameters:
    ///   - residual: b - A v.
    ///   - hasFailed: whether the solver found that it comes no further.
    static func report(
        _ b: Vector, residual: Vector, iterations: Int, tolerance: Double, hasFailed: Bool,
        metNegativeCurvature: Bool = false
    ) -> AdjointReport {
        let size = (residual.squaredNorm() / b.squaredNorm()).squareRoot(), precision = precision(of: b)
        let isConverged = size <= max(tolerance, 32 * precision)
        // Below √ε a solver that comes no further is held by rounding, not by the system.
        let isFailure = hasFailed && size > precision.squareRoot() || !size.isFinite
        return AdjointReport(
            iterations: iterations, relativeResidual: size,
            outcome: isConverged ? .converged : isFailure ? .failed : .truncated,
            metNegativeCurvature: metNegativeCurvature)
    }

    /// Of b = 0, where v = 0 is exact.
    static let nothingToSolve = AdjointReport(iterations: 0, relativeResidual: 0, outcome: .converged)
}

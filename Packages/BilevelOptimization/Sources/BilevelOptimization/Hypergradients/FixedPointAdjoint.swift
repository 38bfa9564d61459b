import Tensors

/// Adjoint of the step's fixed point: λ ← λ ∂Φ/∂y + ∇_y F until it rests, dF/dx = ∇_x F + λ ∂Φ/∂x (Grazzi et al. 2020).
public struct FixedPointAdjoint: HypergradientEstimator {
    /// At most so many transposed steps, until the residual is tolerance · ‖b‖.
    public let maximumIterations: Int, tolerance: Double

    /// - Parameter tolerance: of the relative residual.
    public init(maximumIterations: Int = 100, tolerance: Double = 1e-10) {
        self.maximumIterations = maximumIterations
        self.tolerance = tolerance
    }

    public var name: String { "fixed point" }

    public func needs(of loop: LowerLoop) -> TrajectoryNeeds { .end }

    public func check(_ loop: LowerLoop, onto lowerConstraint: Constraint) throws(SolverError) {
        try loop.checkEndsAtFixedPoint(adjointIterations: maximumIterations)
    }

    public func compile(
        _ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation
    ) -> any CompiledHypergradient {
        let (maximumIterations, tolerance) = (maximumIterations, tolerance)
        return CompiledImplicit(
            system: .fixedPoint(levels, isSeries: true, in: compilation), upperLayout: levels.upperLayout,
            vectorCount: 3
        ) { multiply, b, v in
            LinearSolvers.powerSeries(
                multiply, b, into: v, terms: maximumIterations, stopsBelow: tolerance, tolerance: tolerance)
        }
    }
}

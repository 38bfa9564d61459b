import Tensors

/// Adjoint of the step's fixed point, (I - ∂Φ/∂y)ᵀ λ = ∇_y F, by GMRES (Saad and Schultz 1986): for steps whose
/// Jacobian is not symmetric.
public struct GeneralizedMinimalResidual: HypergradientEstimator {
    /// At most so many transposed steps, until the residual is tolerance · ‖b‖; as many vectors are held.
    public let maximumIterations: Int, tolerance: Double

    /// - Parameter tolerance: of the relative residual.
    public init(maximumIterations: Int = 20, tolerance: Double = 1e-10) {
        self.maximumIterations = maximumIterations
        self.tolerance = tolerance
    }

    public var name: String { "GMRES" }

    public func needs(of loop: LowerLoop) -> TrajectoryNeeds { .end }

    public func check(_ loop: LowerLoop, onto lowerConstraint: Constraint) throws(SolverError) {
        try loop.checkEndsAtFixedPoint(adjointIterations: maximumIterations)
    }

    public func compile(
        _ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation
    ) -> any CompiledHypergradient {
        let (maximumIterations, tolerance) = (maximumIterations, tolerance)
        return CompiledImplicit(
            system: .fixedPoint(levels, isSeries: false, in: compilation), upperLayout: levels.upperLayout,
            // The Krylov basis, and the vector that joins it.
            vectorCount: maximumIterations + 3
        ) { multiply, b, v in
            LinearSolvers.gmres(multiply, b, into: v, maximumIterations: maximumIterations, tolerance: tolerance)
        }
    }
}

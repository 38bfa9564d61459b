import Tensors

/// Implicit: ∇²_yy f v = ∇_y F by conjugate gradient, dF/dx = ∇_x F - ∇²_xy f v, at y_K (Pedregosa 2016; Rajeswaran et
/// al. 2019).
public struct ConjugateGradient: HypergradientEstimator {
    /// At most so many Hessian products, until ‖b - A v‖ ≤ tolerance · ‖b‖.
    public let maximumIterations: Int, tolerance: Double

    /// - Parameter tolerance: of the relative residual.
    public init(maximumIterations: Int = 20, tolerance: Double = 1e-10) {
        self.maximumIterations = maximumIterations
        self.tolerance = tolerance
    }

    public var name: String { "conjugate gradient" }

    public func needs(of loop: LowerLoop) -> TrajectoryNeeds { .end }

    public func check(_ loop: LowerLoop, onto lowerConstraint: Constraint) throws(SolverError) {
        try loop.checkReadsEndOnly()
        try checkAtLeastOne("adjoint iterations", maximumIterations)
        try loop.checkRestsWhereGradientVanishes(onto: lowerConstraint)
    }

    public func compile(
        _ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation
    ) -> any CompiledHypergradient {
        let (maximumIterations, tolerance) = (maximumIterations, tolerance)
        return CompiledImplicit(
            system: .hessian(levels, in: compilation), upperLayout: levels.upperLayout, vectorCount: 4
        ) { multiply, b, v in
            LinearSolvers.conjugateGradient(
                multiply, b, into: v, maximumIterations: maximumIterations, tolerance: tolerance)
        }
    }
}

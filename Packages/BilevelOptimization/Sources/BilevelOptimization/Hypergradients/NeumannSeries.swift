import Tensors

/// Implicit: v = rate Σ_{j < terms} (I - rate ∇²_yy f)^j ∇_y F, dF/dx = ∇_x F - ∇²_xy f v, at y_K (Lorraine et al.
/// 2020).
public struct NeumannSeries: HypergradientEstimator {
    /// Terms of the series Σ (1 - rate · ∇²_yy f)ⁱ · rate, and its rate, below 2/L.
    public let terms: Int, rate: Double

    /// - Parameter rate: below 2/L, L the largest curvature of f.
    public init(terms: Int = 20, rate: Double) {
        self.terms = terms
        self.rate = rate
    }

    public var name: String { "Neumann series" }

    public func needs(of loop: LowerLoop) -> TrajectoryNeeds { .end }

    public func check(_ loop: LowerLoop, onto lowerConstraint: Constraint) throws(SolverError) {
        try checkPositive([("Neumann rate", rate)])
        try loop.checkReadsEndOnly()
        try checkAtLeastOne("adjoint iterations", terms)
        try loop.checkRestsWhereGradientVanishes(onto: lowerConstraint)
    }

    public func compile(
        _ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation
    ) -> any CompiledHypergradient {
        let (terms, rate) = (terms, rate)
        return CompiledImplicit(
            system: .hessian(levels, series: rate, in: compilation), upperLayout: levels.upperLayout, vectorCount: 3
        ) { multiply, b, v in
            let report = LinearSolvers.powerSeries(
                multiply, b, into: v, terms: terms, stopsBelow: 0, tolerance: 1e-10)
            v.scale(rate)
            return report
        }
    }
}

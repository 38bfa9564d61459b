/// How well the linear system of an implicit hypergradient was solved.
public struct AdjointReport: Sendable, Hashable {
    /// How a linear solve ended.
    public enum Outcome: String, Sendable {
        /// The residual fell to the tolerance, or to what rounding lets be told apart (32 units of the element type).
        case converged
        /// The iterations ran out, or rounding lets the solver come no nearer: v is an approximation, as one that is
        /// stopped early always is, and an upper step along it is the field's normal use.
        case truncated
        /// The solver came to its end without an answer: the system is singular to rounding, the iteration diverges, or
        /// no v with a smaller residual than v = 0 was found. A solver's `step` does not move along it unless
        /// `Method.acceptsFailedAdjoint` says so.
        case failed
    }

    /// Products with the Hessian, or with the transposed step, before the last one, which checks the answer.
    public let iterations: Int
    /// ‖b - A v‖/‖b‖ of the answer, recomputed at the end; 0 for b = 0.
    public let relativeResidual: Double
    /// What the answer is worth.
    public let outcome: Outcome
    /// Whether a direction p with pᵀ ∇²_yy f p ≤ 0 was met: y_K is then no strict minimiser and v no meaningful answer.
    public let metNegativeCurvature: Bool

    /// Whether the residual reached the tolerance.
    public var isConverged: Bool { outcome == .converged }

    /// What an estimator of another package reports.
    public init(iterations: Int, relativeResidual: Double, outcome: Outcome, metNegativeCurvature: Bool = false) {
        self.iterations = iterations
        self.relativeResidual = relativeResidual
        self.outcome = outcome
        self.metNegativeCurvature = metNegativeCurvature
    }
}

/// How dF/dx is computed from a lower trajectory.
public enum Hypergradient: Sendable, Hashable {
    /// Reverse mode through the steps that the truncation keeps (Franceschi et al. 2017).
    case reverse
    /// Forward mode through the same steps: one pass a coordinate of x (and of a learned z), memory for one state
    /// (Franceschi et al. 2017).
    case forward
    /// Implicit: ∇²_yy f v = ∇_y F by conjugate gradient, dF/dx = ∇_x F - ∇²_xy f v, at y_K (Pedregosa 2016; Rajeswaran
    /// et al. 2019). Coordinates that the constraint holds at their bound do not take part.
    case conjugateGradient(maximumIterations: Int = 20, tolerance: Double = 1e-10)
    /// The same with v = rate Σ_{j < terms} (I - rate ∇²_yy f)^j ∇_y F (Lorraine et al. 2020).
    case neumann(terms: Int = 20, rate: Double)
    /// Adjoint of the step's fixed point: λ ← λ ∂Φ/∂y + ∇_y F until it rests, dF/dx = ∇_x F + λ ∂Φ/∂x (Grazzi et al.
    /// 2020).
    case fixedPoint(maximumIterations: Int = 100, tolerance: Double = 1e-10)
    /// The same system (I - ∂Φ/∂y)ᵀ λ = ∇_y F by GMRES (Saad and Schultz 1986): for steps whose Jacobian is not
    /// symmetric.
    case gmres(maximumIterations: Int = 20, tolerance: Double = 1e-10)
    /// The last step's mixed product by a central difference along ∇_y F of length `radius` (DARTS, Liu et al. 2019).
    case finiteDifference(radius: Double = 0.01)
    /// Without second derivatives: dF/dx = ∇_x F, dF/dz = ∇_y F (FOMAML, Finn et al. 2017; Nichol et al. 2018).
    case firstOrder
    /// Without derivatives of F: dF/dx = 0, dF/dz = z - y_K (Reptile, Nichol et al. 2018). For learned starts only.
    case displacement

    /// Whether y_K is taken for a solution of the lower problem.
    var isImplicit: Bool {
        switch self {
        case .conjugateGradient, .neumann, .fixedPoint, .gmres: true
        case .reverse, .forward, .finiteDifference, .firstOrder, .displacement: false
        }
    }
}

/// How well the linear system of an implicit hypergradient was solved.
public struct AdjointReport: Sendable, Hashable {
    /// Products with the Hessian, or with the transposed step.
    public let iterations: Int
    /// ‖b - A v‖/‖b‖; 0 for b = 0.
    public let relativeResidual: Double
    /// Whether the residual fell to the tolerance.
    public let isConverged: Bool
    /// Whether a direction p with pᵀ ∇²_yy f p ≤ 0 was met: y_K is then no strict minimiser and v no meaningful answer.
    public let metNegativeCurvature: Bool
}

/// How dF/dx is computed from a lower trajectory: one of the estimators below, or any other.
public struct Hypergradient: Sendable {
    /// What computes it.
    public let estimator: any HypergradientEstimator

    /// Any estimator, also of another package.
    public init(_ estimator: any HypergradientEstimator) { self.estimator = estimator }

    /// Reverse mode through the steps that the truncation keeps (Franceschi et al. 2017).
    public static let reverse = Hypergradient(ReverseMode())
    /// Forward mode through the same steps (Franceschi et al. 2017).
    public static let forward = Hypergradient(ForwardMode())
    /// Without second derivatives: dF/dx = ∇_x F, dF/dz = ∇_y F (FOMAML, Finn et al. 2017; Nichol et al. 2018).
    public static let firstOrder = Hypergradient(FirstOrder())
    /// Without derivatives of F: dF/dx = 0, dF/dz = z - y_K (Reptile, Nichol et al. 2018).
    public static let displacement = Hypergradient(Displacement())

    /// Implicit, by conjugate gradient (Pedregosa 2016; Rajeswaran et al. 2019).
    public static func conjugateGradient(maximumIterations: Int = 20, tolerance: Double = 1e-10) -> Hypergradient {
        Hypergradient(ConjugateGradient(maximumIterations: maximumIterations, tolerance: tolerance))
    }

    /// Implicit, by a Neumann series (Lorraine et al. 2020).
    public static func neumann(terms: Int = 20, rate: Double) -> Hypergradient {
        Hypergradient(NeumannSeries(terms: terms, rate: rate))
    }

    /// The adjoint of the steps' fixed point, iterated (Grazzi et al. 2020).
    public static func fixedPoint(maximumIterations: Int = 100, tolerance: Double = 1e-10) -> Hypergradient {
        Hypergradient(FixedPointAdjoint(maximumIterations: maximumIterations, tolerance: tolerance))
    }

    /// The adjoint of the steps' fixed point by GMRES (Saad and Schultz 1986).
    public static func gmres(maximumIterations: Int = 20, tolerance: Double = 1e-10) -> Hypergradient {
        Hypergradient(GeneralizedMinimalResidual(maximumIterations: maximumIterations, tolerance: tolerance))
    }

    /// The last step's mixed product by a central difference along ∇_y F of length `radius` (DARTS, Liu et al. 2019).
    public static func finiteDifference(radius: Double = 0.01) -> Hypergradient {
        Hypergradient(FiniteDifference(radius: radius))
    }
}

extension Hypergradient: Hashable, CustomStringConvertible {
    public static func == (a: Hypergradient, b: Hypergradient) -> Bool {
        AnyHashable(a.estimator) == AnyHashable(b.estimator)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(AnyHashable(estimator)) }

    public var description: String { estimator.name }
}

/// The field's methods as combinations.
extension Method {
    /// IAPTT-GM: initialization auxiliary and pessimistic trajectory truncation (Liu et al. 2021, Algorithm 1).
    public static func iapttGM(innerIterations: Int, lowerRate: Double, initializationRate: Double) -> Method {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: .learned(.gradientDescent(rate: initializationRate)), truncation: .pessimistic)
    }

    /// IA-GM: the initialization auxiliary alone, k̄ = K (Liu et al. 2021).
    public static func iaGM(innerIterations: Int, lowerRate: Double, initializationRate: Double) -> Method {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: .learned(.gradientDescent(rate: initializationRate)))
    }

    /// IA-GM (A): IA-GM with Nesterov's dynamics, for a convex lower level (Liu et al. 2021).
    public static func iaGMAccelerated(innerIterations: Int, lowerRate: Double, initializationRate: Double) -> Method {
        Method(
            dynamics: .accelerated(rate: lowerRate), innerIterations: innerIterations,
            initialization: .learned(.gradientDescent(rate: initializationRate)))
    }

    /// RHG: a fixed start and the whole trajectory in reverse mode (Franceschi et al. 2017).
    public static func rhg(innerIterations: Int, lowerRate: Double) -> Method {
        Method(dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations)
    }

    /// FHG: the same derivative in forward mode (Franceschi et al. 2017).
    public static func fhg(innerIterations: Int, lowerRate: Double) -> Method {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            hypergradient: .forward)
    }

    /// T-RHG: reverse mode through the last `truncationLength` steps (Shaban et al. 2019).
    public static func truncatedRHG(innerIterations: Int, lowerRate: Double, truncationLength: Int) -> Method {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            truncation: .last(truncationLength))
    }

    /// BDA: aggregated dynamics in reverse mode (Liu et al. 2020).
    public static func bda(innerIterations: Int, lowerRate: Double, upperRateInLower: Double, mix: Double = 0.5)
        -> Method
    {
        Method(
            dynamics: .aggregated(mix: mix, upperRate: upperRateInLower, lowerRate: lowerRate),
            innerIterations: innerIterations)
    }

    /// LS: implicit by conjugate gradient (Pedregosa 2016; Rajeswaran et al. 2019).
    public static func conjugateGradient(
        innerIterations: Int, lowerRate: Double, adjointIterations: Int = 20, initialization: Initialization = .fixed
    ) -> Method {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: initialization,
            hypergradient: .conjugateGradient(maximumIterations: adjointIterations))
    }

    /// NS: implicit by a Neumann series (Lorraine et al. 2020); its rate is the lower rate unless another is given.
    public static func neumann(
        innerIterations: Int, lowerRate: Double, terms: Int = 20, rate: Double? = nil,
        initialization: Initialization = .fixed
    ) -> Method {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: initialization,
            hypergradient: .neumann(terms: terms, rate: rate ?? lowerRate))
    }

    /// The adjoint of the fixed point, iterated (Grazzi et al. 2020).
    public static func fixedPoint(
        innerIterations: Int, lowerRate: Double, adjointIterations: Int = 100, initialization: Initialization = .fixed
    ) -> Method {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: initialization,
            hypergradient: .fixedPoint(maximumIterations: adjointIterations))
    }

    /// The adjoint of the fixed point by GMRES (Saad and Schultz 1986).
    public static func gmres(
        innerIterations: Int, lowerRate: Double, adjointIterations: Int = 20, initialization: Initialization = .fixed
    ) -> Method {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: initialization,
            hypergradient: .gmres(maximumIterations: adjointIterations))
    }

    /// One step, T1-T2: warm-started steps, the derivative through the last (Luketina et al. 2016).
    public static func oneStep(innerIterations: Int = 1, lowerRate: Double) -> Method {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: .warmStart, truncation: .last(1))
    }

    /// DARTS: the same with a finite difference for the mixed product (Liu et al. 2019).
    public static func darts(innerIterations: Int = 1, lowerRate: Double, radius: Double = 0.01) -> Method {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: .warmStart,
            hypergradient: .finiteDifference(radius: radius))
    }

    /// Without second derivatives (FOMAML for a learned initialization; Finn et al. 2017).
    public static func firstOrder(innerIterations: Int, lowerRate: Double, initialization: Initialization = .warmStart)
        -> Method
    {
        Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: initialization, hypergradient: .firstOrder)
    }
}

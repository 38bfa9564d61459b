import BilevelOptimization

extension MethodName {
    /// The combination behind the name; nil for methods that are none: they have solvers of their own.
    public func combination(_ s: MethodSettings) -> Method? {
        let K = s.innerIterations
        var method: Method
        switch self {
        case .iapttGM:
            method = .iapttGM(innerIterations: K, lowerRate: s.lowerRate, initializationRate: s.initializationRate)
        case .iaGM: method = .iaGM(innerIterations: K, lowerRate: s.lowerRate, initializationRate: s.initializationRate)
        case .iaGMAccelerated:
            method = .iaGMAccelerated(
                innerIterations: K, lowerRate: s.lowerRate, initializationRate: s.initializationRate)
        case .rhg: method = .rhg(innerIterations: K, lowerRate: s.lowerRate)
        case .fhg: method = .fhg(innerIterations: K, lowerRate: s.lowerRate)
        case .truncatedRHG:
            method = .truncatedRHG(
                innerIterations: K, lowerRate: s.lowerRate, truncationLength: min(s.truncationLength, max(K, 1)))
        case .bda:
            method = .bda(
                innerIterations: K, lowerRate: s.lowerRate, upperRateInLower: s.aggregationRate, mix: s.aggregationMix)
        case .conjugateGradient:
            method = .conjugateGradient(
                innerIterations: K, lowerRate: s.lowerRate, adjointIterations: s.adjointIterations)
        case .neumann: method = .neumann(innerIterations: K, lowerRate: s.lowerRate, terms: s.adjointIterations)
        case .fixedPoint:
            method = .fixedPoint(innerIterations: K, lowerRate: s.lowerRate, adjointIterations: s.adjointIterations)
        case .gmres: method = .gmres(innerIterations: K, lowerRate: s.lowerRate, adjointIterations: s.adjointIterations)
        case .oneStep: method = .oneStep(innerIterations: K, lowerRate: s.lowerRate)
        case .darts: method = .darts(innerIterations: K, lowerRate: s.lowerRate)
        case .firstOrder: method = .firstOrder(innerIterations: K, lowerRate: s.lowerRate)
        case .bvfsm, .pbgd, .f2sa, .meha, .bome, .soba, .saba, .stocBiO, .amIGO: return nil
        }
        if let dynamics = s.dynamics { method.dynamics = dynamics }
        if s.isWarmStarted, method.initialization == .fixed { method.initialization = .warmStart }
        method.acceptsFailedAdjoint = s.acceptsFailedAdjoint
        if self == .iapttGM, let truncation = s.truncation { method.truncation = truncation }
        return method
    }
}

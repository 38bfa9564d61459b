import BilevelOptimization
import MethodCatalogue
import RunSupport
import Tensors

/// Every setting of the numerical examples, with the defaults of the protocol (Liu et al. 2021).
package struct NumericalConfiguration: ExperimentConfiguration {
    package static let standard = NumericalConfiguration(.nonconvex)

    /// What the authors' code does differently from their paper.
    package enum ReferenceQuirk: String, NamedSetting {
        /// The pessimistic step is looked up in a history with two entries a step: about half of the trajectory is
        /// differentiated.
        case index
    }

    /// Lower dynamics in place of a method's own.
    package enum DynamicsName: String, NamedSetting { case descent, momentum, nesterov, adam, aggregated }

    package enum Precision: String, NamedSetting {
        case float64, float32
        package var elementType: ElementType { self == .float64 ? .float64 : .float32 }
    }

    package var problem: NumericalProblem
    package var methods: [MethodName]
    /// One number for all coordinates of x, one for all of y.
    package var starts: [(x: Double, y: Double)]
    package var dimension: Int
    package var outerIterations = 500
    package var isProjected = true
    package var precision = Precision.float64
    package var seed: UInt64 = 0
    package var quirks: [ReferenceQuirk] = []
    package var dynamics: DynamicsName?
    package var initialization = LowerStart.warm
    package var settings = MethodSettings()

    /// Methods that move y by the upper objective too do so with the same step size.
    package var lowerRate: Double {
        get { settings.lowerRate }
        set { (settings.lowerRate, settings.aggregationRate) = (newValue, newValue) }
    }

    package init(_ problem: NumericalProblem) {
        self.problem = problem
        methods = [.iapttGM, .iaGM, .rhg, .bda, .conjugateGradient, .neumann]
        switch problem {
        case .nonconvex:
            starts = [(1, 2), (5, 1), (7, -1)]
            dimension = 1
            lowerRate = 5e-4
            settings.upperRate = 0.1
            settings.initializationRate = 0.1
        case .convex:
            methods = [.iaGM, .iaGMAccelerated]
            starts = [(2, 0)]
            dimension = 50
            lowerRate = 0.05
            settings.upperRate = 1e-3
            settings.initializationRate = 1e-3
        case .quadratic:
            starts = [(3, 0)]
            dimension = 2
            lowerRate = 0.3
            settings.upperRate = 0.3
            settings.initializationRate = 0.3
        }
    }

    /// What the methods are told.
    var methodSettings: MethodSettings {
        var settings = settings
        settings.truncation = quirks.contains(.index) ? .referenceIndex : nil
        settings.isWarmStarted = initialization == .warm
        settings.dynamics = dynamics.map { name in
            let rate = settings.lowerRate
            return switch name {
            case .descent: .descent(.gradientDescent(rate: rate))
            case .momentum: .descent(.momentum(rate: rate))
            case .nesterov: .accelerated(rate: rate)
            case .adam: .descent(.adam(rate: rate, epsilonInside: 1e-12))
            case .aggregated:
                .aggregated(mix: settings.aggregationMix, upperRate: settings.aggregationRate, lowerRate: rate)
            }
        }
        return settings
    }
}

extension Truncation {
    /// What the authors' code of March 2022 differentiates: its history holds two entries a step, so that entry k̄ is
    /// step ⌈k̄/2⌉.
    fileprivate static let referenceIndex = Truncation.chosen(
        StepChoice(named: "reference index") { (StepChoice.largestValue($0) + 1) / 2 })
}

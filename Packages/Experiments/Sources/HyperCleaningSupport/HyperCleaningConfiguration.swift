import BilevelOptimization
import Datasets
import MethodCatalogue
import RunSupport

/// Every setting of a hyper-cleaning run, with the defaults of the protocol (Liu et al. 2021).
package struct HyperCleaningConfiguration: ExperimentConfiguration {
    package static let standard = HyperCleaningConfiguration()

    /// The methods that serve here. Not: forward mode (a push for each of thousands of weights), first order (F has no
    /// x of its own, so that its dF/dx is zero), and those that are not combinations (x moves by Adam here; they have
    /// rules of their own).
    package static let methods = MethodName.allCases.filter {
        ![.fhg, .firstOrder].contains($0) && $0.combination(MethodSettings()) != nil
    }

    /// What the authors' code does differently from their paper.
    package enum ReferenceQuirk: String, NamedSetting {
        /// The corrupted label is drawn from all classes: a tenth stays true yet counts as corrupted.
        case anyClass = "any-class"
        /// `accuracy` is that of the initialization auxiliary z.
        case accuracyAtInitialization = "accuracy-at-z"
        /// z moves with the lower step size.
        case initializationRate = "z-rate"
        /// Its "Nesterov": y and z both move by Nesterov's momentum 0.9 at the lower rate, and every lower loop starts
        /// with z's velocity.
        case nesterov
    }

    /// Where validation and test samples come from.
    package enum HeldOut: String, NamedSetting {
        /// The training file, as in the protocol.
        case training
        /// The test file (`t10k-…`): where the training labels are noisy by themselves and those of the test file are
        /// not.
        case test
    }

    package var dataset = ImageDataset.fashionMNIST
    package var dataDirectory = ""
    package var heldOut = HeldOut.training
    package var network = HyperCleaningNetwork.deepLinear
    package var method = MethodName.iapttGM
    package var outerIterations = 3000
    package var innerIterations = 100
    package var lowerRate = 0.03
    package var upperRate = 0.01
    package var initializationRate = 0.03
    package var corruption = 0.5
    package var trainSize = 5000
    package var validationSize = 5000
    package var testSize = 10_000
    package var evaluateEvery = 50
    package var truncationLength = 25
    package var adjointIterations = 20
    /// Where methods without an initialization of their own start.
    package var initialization = LowerStart.fixed
    package var seed: UInt64 = 0
    package var threads = 1
    /// Of the solver; nil keeps what pays.
    package var memoryBudget: MemorySize?
    /// Whether implicit methods go on where a linear system has no solution.
    package var acceptsFailedAdjoint = false
    package var quirks: [ReferenceQuirk] = []

    package init() {}

    /// The combination behind `method`.
    package func solverMethod() throws(SolverError) -> Method {
        var settings = MethodSettings()
        settings.innerIterations = innerIterations
        settings.lowerRate = lowerRate
        settings.initializationRate = quirks.contains(.initializationRate) ? lowerRate : initializationRate
        settings.truncationLength = truncationLength
        settings.adjointIterations = adjointIterations
        settings.aggregationRate = lowerRate
        settings.isWarmStarted = initialization == .warm
        settings.acceptsFailedAdjoint = acceptsFailedAdjoint
        let isNesterov = quirks.contains(.nesterov)
        if isNesterov { settings.dynamics = .descent(.nesterov(rate: lowerRate)) }
        guard Self.methods.contains(method), var combination = method.combination(settings) else {
            throw .outOfRange(
                name: "method", expected: "one of \(Self.methods.map(\.rawValue).joined(separator: ", "))",
                got: method.rawValue, nearest: "ia-gm")
        }
        guard isNesterov else { return combination }
        guard method == .iapttGM || method == .iaGM else {
            throw .outOfRange(
                name: "reference quirk nesterov", expected: "a method with gradient steps and a learned start",
                got: method.rawValue, nearest: "ia-gm")
        }
        combination.initialization = .learned(.nesterov(rate: lowerRate))
        combination.startsFromVelocityOfInitialization = true
        return combination
    }
}

import BilevelOptimization
import Datasets
import MethodCatalogue
import Reporting

/// Every setting of a hyper-cleaning run, with the protocol's defaults (METHODS: data hyper-cleaning).
public struct HyperCleaningConfiguration: Sendable {
    /// The methods that serve here. Not: forward mode (a push for each of thousands of weights), first order (F has no
    /// x of its own, so that its dF/dx is zero), and those that are not combinations (x moves by Adam here; they have
    /// rules of their own).
    public static let methods = MethodName.allCases.filter {
        ![.fhg, .firstOrder].contains($0) && $0.combination(MethodSettings()) != nil
    }

    /// What the authors' code does differently from their paper.
    public enum ReferenceQuirk: String, Sendable, CaseIterable {
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
    public enum HeldOut: String, Sendable, CaseIterable {
        /// The training file, as in the protocol.
        case training
        /// The test file (`t10k-…`): where the training labels are noisy by themselves and those of the test file are
        /// not.
        case test
    }

    public var dataset = ImageDataset.fashionMNIST
    public var dataDirectory = ""
    public var heldOut = HeldOut.training
    public var network = HyperCleaningNetwork.deepLinear
    public var method = MethodName.iapttGM
    public var outerIterations = 3000
    public var innerIterations = 100
    public var lowerRate = 0.03
    public var upperRate = 0.01
    public var initializationRate = 0.03
    public var corruption = 0.5
    public var trainSize = 5000
    public var validationSize = 5000
    public var testSize = 10_000
    public var evaluateEvery = 50
    public var truncationLength = 25
    public var adjointIterations = 20
    /// Whether methods without an initialization of their own go on from the last y_K, or start from the same network
    /// every time.
    public var isWarmStarted = false
    public var seed: UInt64 = 0
    public var threads = 1
    public var quirks: [ReferenceQuirk] = []

    public init() {}

    /// The combination behind `method`.
    public func solverMethod() throws(SolverError) -> Method {
        var settings = MethodSettings()
        settings.innerIterations = innerIterations
        settings.lowerRate = lowerRate
        settings.initializationRate = quirks.contains(.initializationRate) ? lowerRate : initializationRate
        settings.truncationLength = truncationLength
        settings.adjointIterations = adjointIterations
        settings.aggregationRate = lowerRate
        settings.isWarmStarted = isWarmStarted
        let isNesterov = quirks.contains(.nesterov)
        if isNesterov { settings.dynamics = .descent(.nesterov(rate: lowerRate)) }
        guard Self.methods.contains(method), var combination = method.combination(settings) else {
            throw .invalidMethod(
                "method: one of \(Self.methods.map(\.rawValue).joined(separator: ", ")) expected, got \(method.rawValue); nearest valid choice: ia-gm"
            )
        }
        guard isNesterov else { return combination }
        guard method == .iapttGM || method == .iaGM else {
            throw .invalidMethod(
                "reference quirk nesterov: a method with gradient steps and a learned start expected, got \(method.rawValue); nearest valid choice: ia-gm"
            )
        }
        combination.initialization = .learned(.nesterov(rate: lowerRate))
        combination.startsFromVelocityOfInitialization = true
        return combination
    }

    /// What decides a run's bits, in words; kept with a checkpoint.
    func decidingSettings(dataHash: String) -> [String: String] {
        guard case .object(let members) = json(dataHash: dataHash) else { return [:] }
        let free: Set = ["outerIterations", "evaluateEvery", "threads", "codeVersion", "protocol"]
        return Dictionary(uniqueKeysWithValues: members.filter { !free.contains($0.0) }.map { ($0.0, $0.1.text) })
    }

    func json(dataHash: String) -> JSONValue {
        [
            "experiment": "hyper-cleaning", "dataset": .string(dataset.rawValue), "dataHash": .string(dataHash),
            "network": .string(network.rawValue), "method": .string(method.rawValue),
            "outerIterations": .integer(outerIterations), "innerIterations": .integer(innerIterations),
            "lowerRate": .number(lowerRate), "upperRate": .number(upperRate), "upperRule": "Adam, betas 0.9 and 0.999",
            "initializationRate": .number(initializationRate), "corruption": .number(corruption),
            "heldOut": .string(heldOut.rawValue),
            "trainSize": .integer(trainSize), "validationSize": .integer(validationSize),
            "testSize": .integer(testSize),
            "evaluateEvery": .integer(evaluateEvery), "truncationLength": .integer(truncationLength),
            "adjointIterations": .integer(adjointIterations),
            "initialization": .string(isWarmStarted ? "warm" : "fixed"),
            "seed": .integer(Int(truncatingIfNeeded: seed)), "threads": .integer(threads),
            "referenceQuirks": .array(quirks.map { .string($0.rawValue) }), "codeVersion": .string(codeVersion),
            "protocol": .string(
                "sizes drawn without replacement from the training file"
                    + (heldOut == .test ? ", validation and test from the test file" : "")
                    + "; lower objective: weighted mean of cross-entropies; "
                    + "kept when x ≥ 0; accuracy on the test part at y_K unless a quirk says otherwise"),
        ]
    }
}

/// The version of the experiments, as in their VERSION file.
public let codeVersion = "0.1.0"

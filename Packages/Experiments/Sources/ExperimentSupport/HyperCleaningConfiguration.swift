import BilevelOptimization
import Datasets
import Reporting

/// Every setting of a hyper-cleaning run, with the protocol's defaults (METHODS: data hyper-cleaning).
public struct HyperCleaningConfiguration: Sendable {
    public enum MethodName: String, Sendable, CaseIterable { case iapttGM = "iaptt-gm", iaGM = "ia-gm", rhg, truncatedRHG = "t-rhg" }

    /// What the authors' code does differently from their paper.
    public enum ReferenceQuirk: String, Sendable, CaseIterable {
        /// The corrupted label is drawn from all classes: a tenth stays true yet counts as corrupted.
        case anyClass = "any-class"
        /// `accuracy` is that of the initialization auxiliary z.
        case accuracyAtInitialization = "accuracy-at-z"
        /// z moves with the lower step size.
        case initializationRate = "z-rate"
    }

    public var dataset = ImageDataset.fashionMNIST
    public var dataDirectory = ""
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
    public var seed: UInt64 = 0
    public var threads = 1
    public var quirks: [ReferenceQuirk] = []

    public init() {}

    public var solverMethod: Method {
        let startRate = quirks.contains(.initializationRate) ? lowerRate : initializationRate
        return switch method {
        case .iapttGM: .iapttGM(innerIterations: innerIterations, lowerRate: lowerRate, initializationRate: startRate)
        case .iaGM: .iaGM(innerIterations: innerIterations, lowerRate: lowerRate, initializationRate: startRate)
        case .rhg: .rhg(innerIterations: innerIterations, lowerRate: lowerRate)
        case .truncatedRHG: .truncatedRHG(innerIterations: innerIterations, lowerRate: lowerRate, truncationLength: truncationLength)
        }
    }

    /// What decides a run's bits, in words; kept with a checkpoint.
    func decidingSettings(dataHash: String) -> [String: String] {
        guard case .object(let members) = json(dataHash: dataHash) else { return [:] }
        let free: Set = ["outerIterations", "evaluateEvery", "threads", "codeVersion", "protocol"]
        return Dictionary(uniqueKeysWithValues: members.filter { !free.contains($0.0) }.map { ($0.0, $0.1.text) })
    }

    func json(dataHash: String) -> JSONValue {
        ["experiment": "hyper-cleaning", "dataset": .string(dataset.rawValue), "dataHash": .string(dataHash),
         "network": .string(network.rawValue), "method": .string(method.rawValue),
         "outerIterations": .integer(outerIterations), "innerIterations": .integer(innerIterations),
         "lowerRate": .number(lowerRate), "upperRate": .number(upperRate), "upperRule": "Adam, betas 0.9 and 0.999",
         "initializationRate": .number(initializationRate), "corruption": .number(corruption),
         "trainSize": .integer(trainSize), "validationSize": .integer(validationSize), "testSize": .integer(testSize),
         "evaluateEvery": .integer(evaluateEvery), "truncationLength": .integer(truncationLength),
         "seed": .integer(Int(truncatingIfNeeded: seed)), "threads": .integer(threads),
         "referenceQuirks": .array(quirks.map { .string($0.rawValue) }), "codeVersion": .string(codeVersion),
         "protocol": .string("sizes drawn without replacement from the training file; lower objective: weighted mean of cross-entropies; "
             + "kept when x ≥ 0; accuracy on the test part at y_K unless a quirk says otherwise")]
    }
}

/// The version of the experiments, as in their VERSION file.
public let codeVersion = "0.1.0"

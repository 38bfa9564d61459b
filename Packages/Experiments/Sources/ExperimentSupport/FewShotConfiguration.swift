import BilevelOptimization
import Datasets
import Foundation
import NeuralLayers
import Randomness
import Reporting
import Tensors

public typealias FewShotSolver = MetaSolver<SharedVariables, EpisodeData, EpisodeMaps, TaskNetwork>

/// Every setting of few-shot training, with the protocol's defaults (METHODS: few-shot classification).
public struct FewShotConfiguration: Sendable {
    public enum MethodName: String, Sendable, CaseIterable {
        case iapttGM = "iaptt-gm", iaGM = "ia-gm", rhg, truncatedRHG = "t-rhg", bda, maml, fomaml, reptile, metaSGD =
            "meta-sgd", anil
    }

    public var dataset = FewShotDataset.omniglot
    public var dataPath = ""
    public var splitDirectory: String?
    public var ways = 5, shots = 1, queries = 15
    public var backbone = FewShotProblem.BackboneName.omniglot
    public var hidden: Int?
    public var taskConvolutions = 0
    public var head = FewShotProblem.HeadName.linear
    public var regularizer = FewShotProblem.Regularizer.none
    public var regularization = 0.25
    public var method = MethodName.iapttGM
    public var metaBatch = 4, innerIterations = 10
    public var lowerRate = 0.1, upperRate = 1e-3, initializationRate = 1e-3
    /// What the lower rate decays to by a cosine over `decayIterations` meta-iterations; nil keeps it.
    public var finalLowerRate: Double?
    public var decayIterations = 80_000
    public var truncationLength = 5
    /// Coordinates of dF/dx are clamped to ± this.
    public var gradientLimit: Double?
    public var metaIterations = 10_000, validateEvery = 500, validationEpisodes = 100, testEpisodes = 1000
    public var seed: UInt64 = 0
    public var threads = 1

    public init() {}

    /// MAML and its relatives adapt the whole network: nothing is shared but the start (and Meta-SGD's step sizes).
    var adaptsEverything: Bool { [.maml, .fomaml, .reptile, .metaSGD].contains(method) }

    /// The lower rate at a meta-iteration over the rate at the first.
    public func rateFactor(at iteration: Int) -> Float {
        guard let finalLowerRate else { return 1 }
        let share = min(Double(iteration) / Double(decayIterations), 1), end = finalLowerRate / lowerRate
        return Float(end + (1 - end) * (1 + cos(.pi * share)) / 2)
    }

    func problem(supportLabels: [Int32], queryLabels: [Int32], image: (channels: Int, height: Int, width: Int))
        throws(SolverError) -> FewShotProblem
    {
        var random = RandomGenerator(seed: seed, stream: .sharedWeights)
        return try FewShotProblem(
            ways: ways, supportLabels: supportLabels, queryLabels: queryLabels, image: image, backbone: backbone,
            head: head, hidden: hidden,
            taskConvolutions: adaptsEverything ? 4 : taskConvolutions,
            learnedStepSize: method == .metaSGD ? lowerRate : nil,
            regularizer: regularizer, regularization: regularization, using: &random)
    }

    func solver(_ problem: FewShotProblem, batchSize: Int) throws(SolverError) -> FewShotSolver {
        try MetaSolver(
            problem.problem, method: solverMethod, upperRule: .adam(rate: upperRate), upper: problem.shared,
            lower: problem.head,
            data: problem.template(), batchSize: batchSize, gradientLimit: gradientLimit, threads: threads)
    }

    var solverMethod: Method {
        let K = innerIterations, learned = Initialization.learned(.adam(rate: initializationRate)),
            descent = Dynamics.descent(.gradientDescent(rate: lowerRate))
        return switch method {
        case .iapttGM: Method(dynamics: descent, innerIterations: K, initialization: learned, truncation: .pessimistic)
        case .iaGM, .anil, .maml: Method(dynamics: descent, innerIterations: K, initialization: learned)
        case .fomaml: Method(dynamics: descent, innerIterations: K, initialization: learned, hypergradient: .firstOrder)
        case .rhg: Method(dynamics: descent, innerIterations: K)
        case .truncatedRHG: Method(dynamics: descent, innerIterations: K, truncation: .last(min(truncationLength, K)))
        // z moves toward y_K by a share of the way.
        case .reptile:
            Method(
                dynamics: descent, innerIterations: K,
                initialization: .learned(.gradientDescent(rate: initializationRate)), hypergradient: .displacement)
        // The step sizes themselves are learned, from `lowerRate` on.
        case .metaSGD:
            Method(dynamics: .descent(.gradientDescent(rate: 1)), innerIterations: K, initialization: learned)
        case .bda:
            Method(dynamics: .aggregated(mix: 0.1, upperRate: lowerRate, lowerRate: lowerRate), innerIterations: K)
        }
    }

    /// What decides the architecture; kept with a checkpoint.
    var architecture: [String: String] {
        [
            "backbone": backbone.rawValue, "hidden": hidden.map(String.init) ?? "",
            "taskConvolutions": String(adaptsEverything ? 4 : taskConvolutions), "head": head.rawValue,
            "ways": String(ways), "shots": String(shots), "queries": String(queries), "method": method.rawValue,
            "innerIterations": String(innerIterations),
            "lowerRate": String(lowerRate), "finalLowerRate": finalLowerRate.map { String($0) } ?? "",
            "decayIterations": String(decayIterations), "regularizer": regularizer.rawValue,
            "regularization": String(regularization),
        ]
    }

    /// The settings that a checkpoint was made with.
    public init(checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        func note<Value>(_ key: String, _ read: (String) -> Value?) throws(CheckpointError) -> Value {
            guard let text = checkpoint.notes[key], let value = read(text) else {
                throw CheckpointError(
                    expected: "few-shot train with its \(key)", got: checkpoint.notes[key] ?? "none", file: file)
            }
            return value
        }
        ways = try note("ways") { Int($0) }
        dataset = try note("dataset") { FewShotDataset(rawValue: $0) }
        shots = try note("shots") { Int($0) }
        queries = try note("queries") { Int($0) }
        backbone = try note("backbone") { FewShotProblem.BackboneName(rawValue: $0) }
        hidden = try note("hidden") { $0.isEmpty ? .some(nil) : Int($0).map(Optional.some) }
        taskConvolutions = try note("taskConvolutions") { Int($0) }
        head = try note("head") { FewShotProblem.HeadName(rawValue: $0) }
        method = try note("method") { MethodName(rawValue: $0) }
        innerIterations = try note("innerIterations") { Int($0) }
        lowerRate = try note("lowerRate") { Double($0) }
        finalLowerRate = try note("finalLowerRate") { $0.isEmpty ? .some(nil) : Double($0).map(Optional.some) }
        decayIterations = try note("decayIterations") { Int($0) }
        regularizer = try note("regularizer") { FewShotProblem.Regularizer(rawValue: $0) }
        regularization = try note("regularization") { Double($0) }
    }

    func json(_ data: FewShotData) -> JSONValue {
        [
            "experiment": "few-shot", "dataset": .string(dataset.rawValue), "splitHash": .string(data.splitHash),
            "dataHash": .string(data.train.hash),
            "ways": .integer(ways), "shots": .integer(shots), "queries": .integer(queries),
            "backbone": .string(backbone.rawValue),
            "hidden": hidden.map(JSONValue.integer) ?? .null,
            "taskConvolutions": .integer(adaptsEverything ? 4 : taskConvolutions), "head": .string(head.rawValue),
            "regularizer": .string(regularizer.rawValue), "regularization": .number(regularization),
            "method": .string(method.rawValue),
            "metaBatch": .integer(metaBatch), "innerIterations": .integer(innerIterations),
            "lowerRate": .number(lowerRate), "finalLowerRate": finalLowerRate.map(JSONValue.number) ?? .null,
            "decayIterations": finalLowerRate == nil ? .null : .integer(decayIterations),
            "upperRate": .number(upperRate),
            "upperRule": .string(
                "Adam, betas 0.9 and 0.999, for x and z" + (method == .reptile ? "; z by plain descent" : "")),
            "initializationRate": .number(initializationRate),
            "gradientLimit": gradientLimit.map(JSONValue.number) ?? .null,
            "metaIterations": .integer(metaIterations), "validateEvery": .integer(validateEvery),
            "validationEpisodes": .integer(validationEpisodes),
            "testEpisodes": .integer(testEpisodes), "seed": .integer(Int(truncatingIfNeeded: seed)),
            "threads": .integer(threads), "codeVersion": .string(codeVersion),
            "batchNormalization": .string(FewShotRun.batchNormalization),
            "protocol": "selected on meta-validation episodes; tested once",
        ]
    }
}

extension RandomStream {
    fileprivate static let sharedWeights = RandomStream("shared weights", number: 4)
}

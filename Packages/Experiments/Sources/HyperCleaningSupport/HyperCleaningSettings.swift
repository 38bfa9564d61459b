import BilevelOptimization
import Datasets
import Reporting
import RunSupport

extension ImageDataset: NamedSetting {}

/// The settings of hyper-cleaning, one a line: option, help, JSON, and whether it decides a run's bits.
package enum HyperCleaningSettings {
    package typealias One = Setting<HyperCleaningConfiguration>

    package static let dataset = One("dataset", \.dataset, help: "Which data set.")
    package static let dataDirectory = One(
        "dataDirectory", \.dataDirectory, decidesBits: false,
        help: "Folder with the four standard IDX files (plain or .gz), or with the CIFAR-10 binary batches.")
    package static let network = One(
        "network", \.network, help: "784-10, 784-300-10 without activation, or 784-300-10 with ReLU; repeatable.")
    package static let method = One("method", \.method, help: "The bilevel method.")
    package static let outerIterations = One(
        "outerIterations", \.outerIterations, .count, decidesBits: false, help: "Upper iterations T.")
    package static let innerIterations = One(
        "innerIterations", \.innerIterations, .count, help: "Lower steps K in each upper iteration.")
    package static let lowerRate = One(
        "lowerRate", \.lowerRate, .positive, help: "Step size of the network's parameters (gradient descent).")
    package static let upperRate = One(
        "upperRate", \.upperRate, .positive, help: "Step size of the sample weights (Adam).")
    package static let initializationRate = One(
        "initializationRate", \.initializationRate, .positive,
        help: "Step size of the initialization auxiliary z (gradient descent).")
    package static let corruption = One(
        "corruption", \.corruption, .share, help: "Share of the training labels replaced by another class, in [0, 1).")
    package static let heldOut = One(
        "heldOut", \.heldOut,
        help: "Which file validation and test samples are drawn from: training, as in the protocol, "
            + "or test (t10k), where noisy data of your own come with clean ones.")
    package static let trainSize = One("trainSize", \.trainSize, .count, help: "Training samples.")
    package static let validationSize = One("validationSize", \.validationSize, .count, help: "Validation samples.")
    package static let testSize = One("testSize", \.testSize, .count, help: "Test samples.")
    package static let evaluateEvery = One(
        "evaluateEvery", \.evaluateEvery, .count, decidesBits: false,
        help: "Upper iterations between evaluations on the test samples, each of which writes a checkpoint.")
    package static let truncationLength = One(
        "truncationLength", \.truncationLength, .count, help: "Steps that t-rhg differentiates.")
    package static let adjointIterations = One(
        "adjointIterations", \.adjointIterations, .count, help: "Iterations of ls, fixed-point and gmres; terms of ns.")
    package static let initialization = One(
        "initialization", \.initialization,
        help: "Where the network starts in methods that do not learn it: fixed (the same every time) "
            + "or warm (the last y_K).")
    package static let seed = One("seed", \.seed, help: "Seed of split, noise and initial weights.")
    package static let threads = One(
        "threads", \.threads, .threads, default: "one a processor", decidesBits: false,
        help: "Threads; results do not depend on them.")
    package static let memoryBudget = One(
        "memoryBudget", \.memoryBudget, default: "what pays", decidesBits: false,
        help: "Memory that the solver may hold beside the data, such as 800MiB; results do not depend on it.")
    /// A flag: the command declares it.
    static let acceptsFailedAdjoint = One(recorded: "acceptFailedAdjoint", missing: false) {
        .boolean($0.acceptsFailedAdjoint)
    }
    /// Its option takes several names: the command declares it.
    static let referenceQuirks = One(recorded: "referenceQuirks") { .array($0.quirks.map(\.json)) }

    /// What all runs of a comparison have in common.
    static let common = all.filter { !["network", "method", "experiment"].contains($0.name) }

    static let all = [
        One(recorded: "experiment", decidesBits: false) { _ in "hyper-cleaning" },
        dataset, dataDirectory, network, method, outerIterations, innerIterations, lowerRate, upperRate,
        One(recorded: "upperRule", decidesBits: false) { _ in "Adam, betas 0.9 and 0.999" },
        initializationRate, corruption, heldOut, trainSize, validationSize, testSize, evaluateEvery, truncationLength,
        adjointIterations, acceptsFailedAdjoint, initialization, seed, threads, memoryBudget, referenceQuirks,
        One(recorded: "codeVersion", decidesBits: false) { _ in .string(codeVersion) },
        One(recorded: "protocol", decidesBits: false) { configuration in
            .string(
                "sizes drawn without replacement from the training file"
                    + (configuration.heldOut == .test ? ", validation and test from the test file" : "")
                    + "; lower objective: weighted mean of cross-entropies; "
                    + "kept when x ≥ 0; accuracy on the test part at y_K unless a quirk says otherwise")
        },
    ]
}

extension HyperCleaningConfiguration {
    /// - Parameter dataHash: of the files' content.
    package func settings(dataHash: String) -> RunSettings {
        RunSettings(HyperCleaningSettings.all, of: self).adding("dataHash", .string(dataHash))
    }
}

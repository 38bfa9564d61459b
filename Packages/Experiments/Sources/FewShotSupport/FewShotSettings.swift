import Datasets
import Reporting
import RunSupport

extension FewShotDataset: NamedSetting {}

/// The settings of few-shot training, one a line: option, help, JSON, and whether it decides a run's bits.
package enum FewShotSettings {
    package typealias One = Setting<FewShotConfiguration>

    package static let dataset = One("dataset", \.dataset, help: "Which data set; glyphs needs no data.")
    package static let data = One(
        "data", \.dataPath, decidesBits: false, help: "Folder or zip archive of the data.")
    package static let splitFile = One(
        "splitFile", \.splitDirectory, decidesBits: false,
        help: "Folder with the split files, where the data do not hold them.")
    package static let imageSize = One(
        "imageSize", \.imageSize, SettingRule("a whole number from 4 to 1024") { $0.map { 4...1024 ~= $0 } ?? true },
        option: "side", alias: "image-size", default: "as they are; 28 for omniglot",
        help: "Pixels of the side that pictures are resized to.")
    package static let ways = One("ways", \.ways, .upTo(1_000_000), help: "Classes of an episode.")
    package static let shots = One("shots", \.shots, .upTo(1_000_000), help: "Labelled images a class.")
    package static let queries = One("queries", \.queries, .upTo(1_000_000), help: "Images a class to be told apart.")
    package static let trainWays = One(
        "trainWays", \.trainWays, .upTo(1_000_000), default: "as in tests", missing: .null,
        help: "Classes of a training episode, where the head is a formula.")
    package static let trainQueries = One(
        "trainQueries", \.trainQueries, .upTo(1_000_000), default: "as in tests", missing: .null,
        help: "Images a class to be told apart in training episodes.")
    package static let normalization = One(
        "normalization", \.normalization, missing: .string("transductive"),
        help: "Whose statistics batch normalization uses for the query: its own (transductive: answers depend on "
            + "what is asked together), the support's, or running ones of training; per-step: running ones of the last "
            + "lower step, with a learned scale and shift for each.")
    package static let augmentation = One(
        "augmentation", \.augmentation, missing: .string("none"),
        help: "How training pictures are changed each time that they are shown: crops are nine tenths of the side or "
            + "more, half of them mirrored; not for drawings whose sides mean something.")
    package static let backbone = One(
        "backbone", \.backbone, default: "by the data set",
        help: "omniglot (28 x 28, 64 channels), omniglot-strided (a stride for pooling), convnet4 (32 channels) or "
            + "resnet12.")
    package static let hidden = One(
        "hidden", \.hidden, .upTo(4096), default: "the backbone's", help: "Channels of the (first) block.")
    package static let taskConvolutions = One(
        "taskConvolutions", \.taskConvolutions, SettingRule("a whole number from 0 to 4") { 0...4 ~= $0 },
        option: "task-conv", help: "How many of the last convolution blocks belong to the task.")
    package static let head = One(
        "head", \.head, help: "linear, or dfc: the last block belongs to the task, with softplus.")
    package static let regularizer = One(
        "regularizer", \.regularizer, help: "none, distance (to the start) or lq.")
    package static let regularization = One(
        "regularization", \.regularization, .notNegative, help: "λ of the regularizer.")
    package static let method = One("method", \.method, help: "The bilevel method.")
    package static let metaBatch = One("metaBatch", \.metaBatch, .count, help: "Tasks of a meta-iteration.")
    package static let innerIterations = One(
        "innerIterations", \.innerIterations, .count, default: "10; logistic 200", help: "Lower steps K.")
    package static let lowerRate = One(
        "lowerRate", \.lowerRate, .positive, default: "0.1 for grey images, 0.01 for colour",
        help: "Step size of a task's part.")
    package static let upperRate = One(
        "upperRate", \.upperRate, .positive, help: "Step size of the backbone (Adam).")
    package static let finalLowerRate = One(
        "finalLowerRate", \.finalLowerRate, .positive, default: "a tenth for colour images, no decay for grey",
        help: "What the lower rate decays to, by a cosine over --decay-iterations.")
    package static let decayIterations = One(
        "decayIterations", \.decayIterations, .count, help: "Meta-iterations of the decay.")
    package static let initializationRate = One(
        "initializationRate", \.initializationRate, .positive, default: "0.001; reptile 0.25",
        help: "Step size of the shared start z (Adam); of reptile the share of the way to y_K.")
    package static let finalUpperRate = One(
        "finalUpperRate", \.finalUpperRate, .notNegative, default: "no decay", missing: .null,
        help: "What the upper rates decay to, by a cosine over --upper-decay-iterations.")
    package static let upperDecayIterations = One(
        "upperDecayIterations", \.upperDecayIterations, .upTo(SettingRule.largestCount),
        default: "--meta-iterations, where there is a --final-upper-rate", missing: .null,
        help: "Meta-iterations of that decay.")
    package static let stepSizes = One(
        "stepSizes", \.stepSizes, missing: .string("fixed"),
        help: "Whether the lower step sizes are learned, from --lower-rate on: one for each weight (Meta-SGD), or for "
            + "each tensor and step (MAML++).")
    package static let preconditioner = One(
        "preconditioner", \.preconditioner, missing: .string("none"),
        help: "What is learned to turn a lower step: meta-curvature has a matrix for each mode of a gradient.")
    package static let truncationLength = One(
        "truncationLength", \.truncationLength, .count, help: "Steps that t-rhg differentiates.")
    package static let gradientLimit = One(
        "gradientLimit", \.gradientLimit, SettingRule("a number of at least 0") { $0.map { $0 >= 0 } ?? true },
        default: "10 for colour images", help: "Clamp of the backbone's gradient; 0 for none.")
    package static let metaIterations = One(
        "metaIterations", \.metaIterations, .count, decidesBits: false, help: "Meta-iterations.")
    package static let validateEvery = One(
        "validateEvery", \.validateEvery, .count,
        help: "Meta-iterations between validations, each of which writes a checkpoint.")
    package static let validationEpisodes = One(
        "validationEpisodes", \.validationEpisodes, .count, help: "Validation episodes.")
    package static let testEpisodes = One(
        "testEpisodes", \.testEpisodes, .count, decidesBits: false, help: "Test episodes.")
    package static let start = One(
        "start", \.start, missing: .null,
        help: "last.safetensors of another run, from whose selected variables training starts.")
    package static let seed = One("seed", \.seed, help: "Seed of the initial weights and the episodes.")
    package static let threads = One(
        "threads", \.threads, .threads, default: "one a processor", decidesBits: false,
        help: "Threads; results do not depend on them.")
    package static let memoryBudget = One(
        "memoryBudget", \.memoryBudget, default: "what pays", decidesBits: false,
        help: "Memory that the tasks' solvers may hold together, beside the data, such as 800MiB; results do not "
            + "depend on it.")

    /// Which features a head that is solved exactly is solved on and asked with.
    static let headFeatures = One(recorded: "headFeatures", missing: .string("as they are")) {
        $0.method.solution == .logistic ? "shorter by the root of their number" : "as they are"
    }

    /// What a checkpoint must tell of the run that made it, so that its variables can be used again.
    static let architecture = [
        dataset, ways, shots, queries, trainWays, trainQueries, normalization, backbone, hidden, method,
        taskConvolutions, head, innerIterations, lowerRate, stepSizes, preconditioner,
        finalLowerRate, decayIterations, regularizer, regularization,
    ]

    static let all = [
        One(recorded: "experiment", decidesBits: false) { _ in "few-shot" },
        dataset, data, splitFile, imageSize,
        One(recorded: "grey", decidesBits: false) { .boolean($0.isGrey) },
        ways, shots, queries, trainWays, trainQueries, augmentation, normalization, backbone,
        hidden, taskConvolutions, head, headFeatures, regularizer, regularization, method, metaBatch, innerIterations,
        lowerRate, stepSizes, preconditioner, finalLowerRate, decayIterations, upperRate,
        finalUpperRate, upperDecayIterations,
        One(recorded: "upperRule", decidesBits: false) { configuration in
            .string(
                "Adam, betas 0.9 and 0.999, for x and z"
                    + (configuration.method == .reptile ? "; z by plain descent" : ""))
        },
        initializationRate, truncationLength, gradientLimit, metaIterations, validateEvery, validationEpisodes,
        testEpisodes, start, seed, threads, memoryBudget,
        One(recorded: "codeVersion", decidesBits: false) { _ in .string(codeVersion) },
        One(recorded: "batchNormalization", decidesBits: false) { .string($0.normalization.explanation) },
        One(recorded: "protocol", decidesBits: false) { _ in "selected on meta-validation episodes; tested once" },
    ]
}

extension FewShotConfiguration {
    package func settings(_ data: FewShotData) -> RunSettings {
        RunSettings(FewShotSettings.all, of: self).adding("splitHash", .string(data.splitHash))
            .adding("dataHash", .string(data.train.hash))
            .adding("validationDataHash", .string(data.validation.hash))
            .adding("testDataHash", .string(data.test.hash))
    }
}

import BilevelOptimization
import Datasets
import Foundation
import Randomness
import RunSupport
import Tensors

package typealias FewShotSolver = MetaSolver<SharedVariables, EpisodeData, EpisodeMaps, TaskNetwork>

/// Every setting of few-shot training, with the defaults of the protocol (Liu et al. 2021).
package struct FewShotConfiguration: ExperimentConfiguration {
    package static let standard = FewShotConfiguration()

    package enum MethodName: String, NamedSetting {
        case iapttGM = "iaptt-gm", iaGM = "ia-gm", rhg, truncatedRHG = "t-rhg", bda
        case maml, fomaml, reptile, metaSGD = "meta-sgd", anil
        case prototypes, ridge, logistic

        /// How a task's head is found.
        package var solution: FewShotProblem.Solution {
            FewShotProblem.Solution(rawValue: rawValue) ?? .descent
        }
    }

    package var dataset = FewShotDataset.omniglot
    package var dataPath = ""
    package var splitDirectory: String?
    /// Pixels of the side that pictures are resized to; nil takes the data set's own, or leaves them as they are.
    package var imageSize: Int?
    /// Whether pictures are made grey.
    package var isGrey = false
    package var ways = 5, shots = 1, queries = 15
    /// Of training episodes; nil where they are as those of tests.
    package var trainWays: Int?, trainQueries: Int?
    /// Of training pictures.
    package var augmentation = PictureAugmentation.none
    /// Once per-step, the steps have scales and shifts of their own, whatever a checkpoint is then tested with.
    package var normalization = NormalizationName.transductive {
        didSet { normalizesSteps = normalizesSteps || normalization == .perStep }
    }
    private var normalizesSteps = false
    package var stepSizes = LearnedSteps.Sizes.fixed, preconditioner = LearnedSteps.Preconditioner.none
    /// K of the training, where another is asked for afterwards.
    var trainedInnerIterations: Int?
    package var backbone = FewShotProblem.BackboneName.omniglot
    package var hidden: Int?
    /// How many of the last convolution blocks belong to the task: all of them where everything is adapted.
    package var taskConvolutions: Int {
        get { adaptsEverything ? 4 : givenTaskConvolutions }
        set { givenTaskConvolutions = newValue }
    }
    private var givenTaskConvolutions = 0
    package var head = FewShotProblem.HeadName.linear
    package var regularizer = FewShotProblem.Regularizer.none
    package var regularization = 0.25
    package var method = MethodName.iapttGM
    package var metaBatch = 4, innerIterations = 10
    package var lowerRate = 0.1, upperRate = 1e-3, initializationRate = 1e-3
    /// What the lower rate decays to by a cosine over `decayIterations` meta-iterations; nil keeps it.
    package var finalLowerRate: Double?
    package var decayIterations = 80_000
    /// What the upper rate decays to by a cosine over `upperDecayIterations` meta-iterations; nil keeps it.
    package var finalUpperRate: Double?
    package var upperDecayIterations: Int?
    package var truncationLength = 5
    /// Coordinates of dF/dx are clamped to ± this; 0 is no limit.
    package var gradientLimit: Double? { didSet { if gradientLimit == 0 { gradientLimit = nil } } }
    package var metaIterations = 10_000, validateEvery = 500, validationEpisodes = 100, testEpisodes = 1000
    /// The checkpoint whose selected variables training starts from; nil draws them.
    package var start: String?
    package var seed: UInt64 = 0
    package var threads = 1
    /// Of the solver; nil keeps what pays.
    package var memoryBudget: MemorySize?

    package init() {}

    /// How pictures become data.
    package var preparation: ImagePreparation {
        var preparation = dataset.preparation
        if isGrey { preparation.channels = 1 }
        if let imageSize { preparation.size = ImagePreparation.Size(height: imageSize, width: imageSize) }
        return preparation
    }

    /// The defaults that depend on the images.
    package init(forGreyImages isGrey: Bool) {
        if !isGrey { (backbone, lowerRate, gradientLimit) = (.convnet4, 0.01, 10) }
    }

    /// MAML and its relatives adapt the whole network: nothing is shared but the start (and Meta-SGD's step sizes).
    var adaptsEverything: Bool { [.maml, .fomaml, .reptile, .metaSGD].contains(method) }

    /// What the method and the settings learn of the lower steps.
    package var learnedSteps: LearnedSteps {
        var steps = LearnedSteps()
        steps.sizes = method == .metaSGD ? .perWeight : stepSizes
        steps.preconditioner = preconditioner
        steps.normalizes = normalizesSteps
        (steps.rate, steps.count) = (lowerRate, trainedInnerIterations ?? innerIterations)
        return steps
    }

    /// The lower rate at a meta-iteration over the rate at the first.
    package func rateFactor(at iteration: Int) -> Float {
        guard let finalLowerRate else { return 1 }
        let share = min(Double(iteration) / Double(decayIterations), 1), end = finalLowerRate / lowerRate
        return Float(end + (1 - end) * (1 + cos(.pi * share)) / 2)
    }

    /// - Parameter ways: nil for those of tests.
    func problem(
        ways: Int? = nil, supportLabels: [Int32], queryLabels: [Int32],
        image: (channels: Int, height: Int, width: Int)
    ) throws(SolverError) -> FewShotProblem {
        guard normalization != .running || taskConvolutions == 0 && head == .linear else {
            throw .outOfRange(
                name: "normalization", expected: "one by batch statistics where a task has convolutions of its own",
                got: "running", nearest: "support")
        }
        guard learnedSteps.isNothing || ![.fomaml, .reptile, .bda].contains(method) else {
            throw .outOfRange(
                name: "learned steps", expected: "a method that differentiates every step", got: method.rawValue,
                nearest: "maml")
        }
        guard method != .metaSGD || [.fixed, .perWeight].contains(stepSizes) else {
            throw .outOfRange(
                name: "step sizes", expected: "per-weight, which is what meta-sgd is", got: stepSizes.rawValue,
                nearest: "maml")
        }
        var random = RandomGenerator(seed: seed, stream: .sharedWeights)
        return try FewShotProblem(
            ways: ways ?? self.ways, supportLabels: supportLabels, queryLabels: queryLabels, image: image,
            backbone: backbone, head: head, hidden: hidden, taskConvolutions: taskConvolutions,
            steps: learnedSteps, regularizer: regularizer,
            regularization: regularization, solution: method.solution, using: &random)
    }

    func solver(
        _ problem: FewShotProblem, _ normalization: EpisodeNormalization, batchSize: Int,
        predicting prediction: FewShotProblem.Prediction = .logits
    ) throws -> FewShotSolver {
        try RunError.inOptions { () throws(SolverError) in
            try MetaSolver(
                problem.problem(normalization, predicting: prediction), method: solverMethod, upperRule: upperRule,
                upper: problem.shared,
                lower: problem.head, data: problem.template(normalization), batchSize: batchSize,
                gradientLimit: gradientLimit, threads: threads, memoryBudget: memoryBudget?.byteCount)
        }
    }

    private var upperRule: UpdateRule { decaying(.adam(rate: upperRate)) }

    private func decaying(_ rule: UpdateRule) -> UpdateRule {
        finalUpperRate.map { rule.decaying(over: upperDecayIterations ?? metaIterations, to: $0 / upperRate) } ?? rule
    }

    var solverMethod: Method {
        let K = innerIterations, learned = Initialization.learned(decaying(.adam(rate: initializationRate))),
            // Where step sizes are learned, they begin with the rate.
            descent = Dynamics.descent(.gradientDescent(rate: learnedSteps.ownRate ? 1 : lowerRate))
        return switch method {
        case .iapttGM: Method(dynamics: descent, innerIterations: K, initialization: learned, truncation: .pessimistic)
        case .iaGM, .anil, .maml, .metaSGD: Method(dynamics: descent, innerIterations: K, initialization: learned)
        case .fomaml: Method(dynamics: descent, innerIterations: K, initialization: learned, hypergradient: .firstOrder)
        case .rhg: Method(dynamics: descent, innerIterations: K)
        case .truncatedRHG: Method(dynamics: descent, innerIterations: K, truncation: .last(min(truncationLength, K)))
        // z moves toward y_K by a share of the way.
        case .reptile:
            Method(
                dynamics: descent, innerIterations: K,
                initialization: .learned(.gradientDescent(rate: initializationRate)), hypergradient: .displacement)
        case .prototypes, .ridge, .logistic: method.solution.method(innerIterations: K)!
        case .bda:
            Method(dynamics: .aggregated(mix: 0.1, upperRate: lowerRate, lowerRate: lowerRate), innerIterations: K)
        }
    }
}

extension RandomStream {
    fileprivate static let sharedWeights = RandomStream("shared weights", number: 4)
}

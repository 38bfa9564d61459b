import BilevelOptimization
import Datasets
import NeuralLayers
import Randomness
import Reporting
import Tensors

/// One hyper-cleaning run: data, solver, and what is recorded on the way.
public final class HyperCleaningRun {
    /// One logged iteration.
    public struct Row: Sendable {
        public let report: IterationReport
        public let metrics: CleaningMetrics
        /// On the test part, at y_K and at z; nil between evaluations.
        public let accuracy: Double?, accuracyAtInitialization: Double?
    }

    public let configuration: HyperCleaningConfiguration
    /// The training file's, and those of the file that validation and test are drawn from.
    public let images: LabeledImages, heldOutImages: LabeledImages
    public let split: HyperCleaningSplit
    public let corruption: LabelCorruption
    public private(set) var rows: [Row] = []
    /// Why the run ended early, if it did.
    public internal(set) var failure: String?

    private let solver: Solver<Tensor, Perceptron>
    private let classifyTest: Program, classifyTraining: Program
    private let testLabels: Tensor

    /// Loads and checks everything; writes nothing.
    public init(_ configuration: HyperCleaningConfiguration) throws {
        self.configuration = configuration
        images = try configuration.dataset.loadTraining(directory: configuration.dataDirectory)
        let heldOut: LabeledImages? =
            configuration.heldOut == .test
            ? try configuration.dataset.loadTest(directory: configuration.dataDirectory) : nil
        heldOutImages = heldOut ?? images
        guard heldOutImages.height == images.height, heldOutImages.width == images.width else {
            throw DatasetError.inconsistent(
                at: configuration.dataDirectory,
                "test images of \(images.height)x\(images.width) as in the training file expected, "
                    + "got \(heldOutImages.height)x\(heldOutImages.width)"
            )
        }
        // Streams keep split, noise and weights independent of each other's sizes.
        var splitRandom = RandomGenerator(seed: configuration.seed, stream: .split)
        split = try HyperCleaningSplit(
            count: images.count, heldOutCount: heldOut?.count, train: configuration.trainSize,
            validation: configuration.validationSize, test: configuration.testSize, using: &splitRandom)
        var noiseRandom = RandomGenerator(seed: configuration.seed, stream: .labelNoise)
        corruption = try LabelCorruption(
            of: images.labels(of: split.train), fraction: configuration.corruption, classCount: images.classCount,
            draw: configuration.quirks.contains(.anyClass) ? .anyClass : .differentClass, using: &noiseRandom)
        let pixels = images.pixelsPerImage
        func leaf(_ indices: [Int], in images: LabeledImages) -> Tensor {
            Tensor(images.floats(of: indices), shape: [indices.count, pixels])
        }
        let problem = HyperCleaningProblem(
            trainingImages: leaf(split.train, in: images), trainingLabels: Tensor(corruption.labels),
            validationImages: leaf(split.validation, in: heldOutImages),
            validationLabels: Tensor(heldOutImages.labels(of: split.validation)))
        var weightRandom = RandomGenerator(seed: configuration.seed, stream: .initialWeights)
        let network = configuration.network.network(inputs: pixels, classes: images.classCount, using: &weightRandom)
        solver = try Solver(
            problem.problem, method: configuration.solverMethod(), upperRule: .adam(rate: configuration.upperRate),
            upper: Tensor([Float](repeating: 0, count: split.train.count)), lower: network,
            threads: configuration.threads)
        testLabels = Tensor(heldOutImages.labels(of: split.test))
        let parameters = network.placeholders("y")
        classifyTest = Program(inputs: parameters.tensors, outputs: [parameters(leaf(split.test, in: heldOutImages))])
        classifyTraining = Program(inputs: parameters.tensors, outputs: [parameters(problem.trainingImages).argmax()])
    }

    /// Of the training file's content, and of the test file's where it is read.
    public var dataHash: String {
        configuration.heldOut == .test ? "\(images.hash) \(heldOutImages.hash)" : images.hash
    }

    /// One upper iteration; evaluates on the test part at every `evaluateEvery`th and at the last.
    public func step() throws(SolverError) -> Row {
        let report: IterationReport
        do { report = try solver.step() } catch {
            failure = error.description
            throw error
        }
        let isEvaluated =
            report.iteration % configuration.evaluateEvery == 0 || report.iteration == configuration.outerIterations
        let row = Row(
            report: report, metrics: CleaningMetrics(weights: weights, isCorrupted: corruption.isCorrupted),
            accuracy: isEvaluated ? accuracy(of: lower) : nil,
            accuracyAtInitialization: isEvaluated ? accuracy(of: solver.initialization) : nil)
        rows.append(row)
        return row
    }

    /// The compiled programs, and the time of each instruction in one replay. Call after a step.
    public var profile: String { solver.profileText }

    /// x, one a training sample.
    public var weights: [Double] { solver.upper.scalars }

    /// y_K of the last iteration.
    public var lower: Perceptron { solver.lower }

    public func accuracyAtEnd() -> (lower: Double, initialization: Double) {
        (accuracy(of: lower), accuracy(of: solver.initialization))
    }

    /// The class that y_K gives each training sample.
    public var predictedTrainingLabels: [Int32] { classifyTraining(lower.tensors)[0].scalars() }

    // MARK: Checkpoints

    public var iteration: Int { solver.iteration }

    /// Everything that the run needs to go on to the same bits, with the settings that decide them.
    public var checkpoint: Checkpoint {
        var result = Checkpoint(notes: configuration.decidingSettings(dataHash: dataHash))
        result.add(solver.state)
        return result
    }

    /// Goes on from a checkpoint of the same settings; T may differ.
    public func restore(_ checkpoint: Checkpoint, file: String) throws {
        try checkpoint.check(configuration.decidingSettings(dataHash: dataHash), file: file)
        guard let iteration = Int(checkpoint.notes["iteration"] ?? ""), iteration <= configuration.outerIterations
        else {
            throw CheckpointError(
                expected: "at most \(configuration.outerIterations) iterations",
                got: checkpoint.notes["iteration"] ?? "none", file: file)
        }
        try solver.restore(checkpoint.restored(solver.state, file: file))
    }

    /// The rows of the earlier part of a resumed run.
    func takeUp(_ earlier: [Row]) { rows = earlier }

    private func accuracy(of network: Perceptron) -> Double {
        classifyTest(network.tensors)[0].accuracy(labels: testLabels)
    }
}

extension RandomStream {
    fileprivate static let initialWeights = RandomStream("initial weights", number: 3)
}

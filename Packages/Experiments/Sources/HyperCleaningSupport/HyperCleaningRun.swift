import BilevelOptimization
import Datasets
import Foundation
import LabelCleaningSupport
import NeuralLayers
import Randomness
import Reporting
import RunSupport
import Tensors

/// One hyper-cleaning run: data, solver, and what is recorded on the way.
package final class HyperCleaningRun: ExperimentRun {
    package static var columns: [String] { HyperCleaningRow.columns }
    package let events = MetricsFile.Events.step(column: "iteration")

    package let configuration: HyperCleaningConfiguration
    /// The training file's, and those of the file that validation and test are drawn from.
    package let images: LabeledImages, heldOutImages: LabeledImages
    package let split: HyperCleaningSplit
    package let corruption: LabelCorruption
    package private(set) var rows: [HyperCleaningRow] = []
    private let solver: Solver<Tensor, Perceptron>
    private let classifyTest: Program, classifyTraining: Program
    private let testLabels: Tensor

    /// Loads and checks everything; writes nothing.
    package init(_ configuration: HyperCleaningConfiguration) throws {
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
        try RunError.checkMemory(
            innerIterations: configuration.innerIterations,
            bytesPerState: network.tensors.reduce(0) { $0 + $1.count * $1.elementType.byteCount },
            budget: configuration.memoryBudget)
        let weights = Tensor([Float](repeating: 0, count: split.train.count))
        solver = try RunError.inOptions { () throws(SolverError) in
            try Solver(
                problem.problem, method: configuration.solverMethod(), upperRule: .adam(rate: configuration.upperRate),
                upper: weights, lower: network, threads: configuration.threads,
                memoryBudget: configuration.memoryBudget?.byteCount)
        }
        testLabels = Tensor(heldOutImages.labels(of: split.test))
        let parameters = network.placeholders("y")
        classifyTest = Program(inputs: parameters.tensors, outputs: [parameters(leaf(split.test, in: heldOutImages))])
        let logits = parameters(problem.trainingImages)
        classifyTraining = Program(inputs: parameters.tensors, outputs: [logits, logits.softmax()])
    }

    /// Of the training file's content, and of the test file's where it is read.
    package var dataHash: String {
        configuration.heldOut == .test ? "\(images.hash) \(heldOutImages.hash)" : images.hash
    }

    package var settings: RunSettings { configuration.settings(dataHash: dataHash) }

    // MARK: Steps

    package var iteration: Int { solver.iteration }
    package var totalIterations: Int { configuration.outerIterations }
    package var rowCount: Int { rows.count }

    /// One upper iteration; evaluates on the test part at every `evaluateEvery`th and at the last.
    package func step() throws -> MetricsRow? {
        let report = try solver.step()
        let isEvaluated =
            report.iteration % configuration.evaluateEvery == 0 || report.iteration == configuration.outerIterations
        let row = HyperCleaningRow(
            report: report, metrics: metrics, accuracy: isEvaluated ? try accuracy(of: lower, "y_K") : nil,
            accuracyAtInitialization: isEvaluated ? try accuracy(of: solver.initialization, "z") : nil)
        rows.append(row)
        return row.cells
    }

    package var hasReachedMilestone: Bool { rows.last?.accuracy != nil }

    package var progressText: String {
        let last = rows.last, accuracy = rows.last { $0.accuracy != nil }?.accuracy
        return [
            last?.metrics.map { String(format: "F1 %.3f", $0.f1) },
            accuracy.map { String(format: "accuracy %.3f", $0) },
            last.map { "k̄ \($0.report.truncation)" },
        ].compactMap { $0 }.joined(separator: "  ")
    }

    // MARK: Values

    /// The compiled programs, and the time of each instruction in one replay. Call after a step.
    package var profile: String { solver.profileText }

    /// x, one a training sample.
    package var weights: [Double] { solver.upper.scalars }

    /// y_K of the last iteration.
    package var lower: Perceptron { solver.lower }

    /// On the test part. Logits that are not finite are an error, here and below: they have a largest one, which says
    /// nothing.
    package func accuracyAtEnd() throws(RunError) -> (lower: Double, initialization: Double) {
        (try accuracy(of: lower, "y_K"), try accuracy(of: solver.initialization, "z"))
    }

    /// What y_K says of each training sample, [samples, classes].
    package func trainingProbabilities() throws(RunError) -> ClassProbabilities {
        let results = classifyTraining(lower.tensors)
        try check(results[0], "training", "y_K")
        return ClassProbabilities(classCount: images.classCount, values: results[1].scalars())
    }

    /// The same samples and labels without an upper level.
    var plain: PlainRankingData {
        PlainRankingData(
            training: images.floats(of: split.train), validation: heldOutImages.floats(of: split.validation),
            test: heldOutImages.floats(of: split.test), trainingLabels: corruption.labels,
            validationLabels: heldOutImages.labels(of: split.validation),
            testLabels: heldOutImages.labels(of: split.test), classCount: images.classCount, seed: configuration.seed,
            threads: configuration.threads)
    }

    /// How well the weights find the wrong labels; nil where nobody knows which those are.
    var metrics: CleaningMetrics? {
        corruption.isCorrupted.contains(true)
            ? CleaningMetrics(weights: weights, isCorrupted: corruption.isCorrupted) : nil
    }

    private func accuracy(of network: Perceptron, _ name: String) throws(RunError) -> Double {
        let logits = classifyTest(network.tensors)[0]
        try check(logits, "test", name)
        return logits.accuracy(labels: testLabels)
    }

    private func check(_ logits: Tensor, _ part: String, _ network: String) throws(RunError) {
        guard logits.scalars.allSatisfy(\.isFinite) else {
            throw .notFinite(
                place: "\(part) samples after upper iteration \(iteration)", quantity: "the predictions at \(network)")
        }
    }

    // MARK: Checkpoints

    /// The solver's state: x, z, y_K, and what the update rules remember.
    package var checkpoint: Checkpoint {
        var result = Checkpoint()
        result.add(solver.state)
        return result
    }

    package func restore(_ checkpoint: Checkpoint, iteration: Int, rows: [MetricsRow], file: String) throws {
        try solver.restore(from: checkpoint, iteration: iteration, file: file)
        self.rows = rows.map(HyperCleaningRow.init)
    }

    /// Few steps of a network on the test part: nothing to stop in between.
    package func outcome(stoppedBecause: String?, isStopped: () -> Bool) throws -> HyperCleaningOutcome {
        let accuracy = try accuracyAtEnd(), probabilities = try trainingProbabilities()
        let isWrong = metrics == nil ? nil : corruption.isCorrupted
        let suspects = Suspects(probabilities: probabilities, given: corruption.labels, weights: weights)
        return HyperCleaningOutcome(
            configuration: configuration, settings: settings, dataHash: dataHash, rows: rows, metrics: metrics,
            accuracy: accuracy, weights: weights, samples: split.train, givenLabels: corruption.labels,
            probabilities: probabilities, isCorrupted: isWrong, suspects: suspects,
            rankings: isWrong.flatMap(suspects.metrics), images: images, peakMemoryBytes: PeakMemory.bytes,
            stoppedBecause: stoppedBecause)
    }
}

extension RandomStream {
    fileprivate static let initialWeights = RandomStream("initial weights", number: 3)
}

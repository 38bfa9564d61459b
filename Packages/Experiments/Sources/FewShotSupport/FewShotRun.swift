import BilevelOptimization
import Datasets
import Foundation
import NeuralLayers
import Reporting
import RunSupport
import Tensors

/// Training and testing on episodes.
package final class FewShotRun: ExperimentRun {
    package static var columns: [String] { FewShotRow.columns }
    package let events = MetricsFile.Events.step(column: "iteration")

    package let configuration: FewShotConfiguration
    package let data: FewShotData
    package let problem: FewShotProblem
    package private(set) var rows: [FewShotRow] = []
    package private(set) var best: (iteration: Int, accuracy: Double)?
    /// Where variables taken from a checkpoint for tests had come to.
    private var restoredIteration: Int?

    private let solver: FewShotSolver
    private let trainSampler: EpisodeSampler, validationSampler: EpisodeSampler, testSampler: EpisodeSampler
    private var bestVariables: (x: SharedVariables, z: TaskNetwork)

    /// Checks everything; writes nothing.
    package init(_ configuration: FewShotConfiguration, data: FewShotData) throws {
        self.configuration = configuration
        self.data = data
        let c = configuration
        // Three independent streams of episodes.
        trainSampler = try EpisodeSampler(
            data.train, ways: c.ways, shots: c.shots, queries: c.queries, seed: c.seed &* 3 &+ 1)
        validationSampler = try EpisodeSampler(
            data.validation, ways: c.ways, shots: c.shots, queries: c.queries, seed: c.seed &* 3 &+ 2)
        testSampler = try EpisodeSampler(
            data.test, ways: c.ways, shots: c.shots, queries: c.queries, seed: c.seed &* 3 &+ 3)
        let sample = trainSampler.episode(0)
        problem = try c.problem(
            supportLabels: sample.supportLabels, queryLabels: sample.queryLabels,
            image: (data.train.channels, data.train.height, data.train.width))
        try RunError.checkMemory(
            innerIterations: c.innerIterations,
            bytesPerState: problem.head.tensors.reduce(0) { $0 + $1.count * $1.elementType.byteCount },
            copies: min(c.threads, c.metaBatch), budget: c.memoryBudget)
        solver = try c.solver(problem, batchSize: c.metaBatch)
        bestVariables = (problem.shared, problem.head)
    }

    package var settings: RunSettings { configuration.settings(data) }
    package var profile: Profile { solver.profile }

    // MARK: Steps

    package var iteration: Int { solver.iteration }
    package var totalIterations: Int { configuration.metaIterations }
    package var rowCount: Int { rows.count }

    /// One meta-iteration; validates at every `validateEvery`th and at the last.
    package func step() throws -> MetricsRow? {
        let t = solver.iteration, c = configuration, rateFactor = c.rateFactor(at: t)
        let report = try solver.step { [trainSampler, data] index, task in
            FewShotRun.fill(task, with: trainSampler.episode(t * c.metaBatch + index), of: data.train, rateFactor)
        }
        var accuracy: Double?
        if report.iteration % c.validateEvery == 0 || report.iteration == c.metaIterations {
            let mean = Samples(
                try accuracies(
                    validationSampler, data.validation, count: c.validationEpisodes, c.rateFactor(at: report.iteration))
            ).mean
            accuracy = mean
            if mean > best?.accuracy ?? -1 {
                best = (report.iteration, mean)
                bestVariables = (solver.upper, solver.initialization)
            }
        }
        let row = FewShotRow(report: report, validationAccuracy: accuracy)
        rows.append(row)
        return row.cells
    }

    package var hasReachedMilestone: Bool { rows.last?.validationAccuracy != nil }

    package var progressText: String {
        let last = rows.last, accuracy = rows.last { $0.validationAccuracy != nil }?.validationAccuracy
        return [
            last.map { String(format: "query loss %.3f", $0.report.upperValue) },
            accuracy.map { String(format: "validation %.3f", $0) },
            last.map { String(format: "k̄ %.1f", $0.report.meanTruncation) },
        ].compactMap { $0 }.joined(separator: "  ")
    }

    private static func fill(_ task: TaskData, with episode: Episode, of images: ImageClasses, _ rateFactor: Float) {
        images.write(episode.support, to: task.floats(0))
        images.write(episode.query, to: task.floats(1))
        task.floats(2)[0] = rateFactor
    }

    /// As many episodes at once as there are threads, until told to stop. Predictions that are not finite are an error.
    private func accuracies(
        _ sampler: EpisodeSampler, _ images: ImageClasses, count: Int, _ rateFactor: Float,
        isStopped: () -> Bool = { false }
    ) throws -> [Double] {
        let labels = Tensor(sampler.episode(0).queryLabels)
        var result: [Double] = []
        while result.count < count, !isStopped() {
            let first = result.count
            let predictions = solver.predictions(count: min(configuration.threads, count - first)) { index, task in
                FewShotRun.fill(task, with: sampler.episode(first + index), of: images, rateFactor)
            }
            for (prediction, _) in predictions {
                guard prediction.scalars.allSatisfy(\.isFinite) else {
                    throw RunError.notFinite(
                        place: "\(images.name) episode \(result.count)", quantity: "the predictions")
                }
                result.append(prediction.accuracy(labels: labels))
            }
        }
        return result
    }

    /// Accuracies on the first `count` test episodes with the selected variables (the last ones before any validation),
    /// or on fewer where it was stopped, and the hash of these episodes.
    package func test(
        count: Int, isStopped: () -> Bool = { false }
    ) throws -> (accuracies: [Double], episodesHash: String) {
        let last = (solver.upper, solver.initialization)
        if best != nil { (solver.upper, solver.initialization) = (bestVariables.x, bestVariables.z) }
        defer { (solver.upper, solver.initialization) = last }
        let rateFactor = configuration.rateFactor(at: restoredIteration ?? best?.iteration ?? iteration)
        let accuracies = try accuracies(testSampler, data.test, count: count, rateFactor, isStopped: isStopped)
        return (accuracies, EpisodeList(testSampler, of: data.test, count: accuracies.count).hash)
    }

    // MARK: Checkpoints

    /// The solver's state, and the selected variables.
    package var checkpoint: Checkpoint {
        var result = Checkpoint(notes: settings.deciding)
        result.notes["iteration"] = String(solver.iteration)
        result.notes["bestIteration"] = best.map { String($0.iteration) } ?? ""
        result.notes["bestAccuracy"] = best.map { String($0.accuracy) } ?? ""
        result.notes["image"] = "\(problem.image.channels) x \(problem.image.height) x \(problem.image.width)"
        result.add(solver.state)
        result.add(best == nil ? solver.upper : bestVariables.x, as: "selected.x")
        result.add(best == nil ? solver.initialization : bestVariables.z, as: "selected.z")
        return result
    }

    /// Takes a checkpoint's selected variables, for tests.
    package func restoreSelected(_ checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        try solver.takeSelected(checkpoint, file: file)
        (best, restoredIteration) = (nil, checkpoint.selectedIteration)
    }

    package func restore(_ checkpoint: Checkpoint, iteration: Int, rows: [MetricsRow], file: String) throws {
        let selected = (
            try checkpoint.restored(solver.upper, from: "selected.x", file: file),
            try checkpoint.restored(solver.initialization, from: "selected.z", file: file)
        )
        try solver.restore(from: checkpoint, iteration: iteration, file: file)
        bestVariables = selected
        if let iteration = Int(checkpoint.notes["bestIteration"] ?? ""),
            let accuracy = Double(checkpoint.notes["bestAccuracy"] ?? "")
        {
            best = (iteration, accuracy)
        }
        self.rows = rows.map(FewShotRow.init)
    }

    /// Tests once, with the selected variables.
    package func outcome(stoppedBecause: String?, isStopped: () -> Bool) throws -> FewShotOutcome {
        let count = configuration.testEpisodes
        let (accuracies, hash) = try test(count: count, isStopped: isStopped)
        let isShort = accuracies.count < count
        return FewShotOutcome(
            configuration: configuration, settings: settings, rows: rows, metaIterations: iteration, best: best,
            accuracies: accuracies, episodesHash: hash, splitHash: data.splitHash,
            inventory: FewShotInventory(data), peakMemoryBytes: PeakMemory.bytes,
            stoppedBecause: stoppedBecause
                ?? (isShort ? "a signal, after \(accuracies.count) of \(count) test episodes" : nil))
    }
}

extension MetaSolver {
    /// Takes the variables that validation selected.
    func takeSelected(_ checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        upper = try checkpoint.restored(upper, from: "selected.x", file: file)
        initialization = try checkpoint.restored(initialization, from: "selected.z", file: file)
    }
}

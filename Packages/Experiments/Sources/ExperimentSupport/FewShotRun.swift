import BilevelOptimization
import Datasets
import Foundation
import NeuralLayers
import Reporting
import Tensors

/// Training and testing on episodes.
public final class FewShotRun {
    /// One meta-iteration.
    public struct Row: Sendable {
        public let report: MetaReport
        /// On the meta-validation episodes, where they were run.
        public let validationAccuracy: Double?
    }

    /// How batch normalization sees episodes, for every result.
    public static let batchNormalization =
        "batch statistics of each episode's support and query images, at test too (transductive)"

    public let configuration: FewShotConfiguration
    public let data: FewShotData
    public let problem: FewShotProblem
    public private(set) var rows: [Row] = []
    public private(set) var best: (iteration: Int, accuracy: Double)?
    public internal(set) var failure: String?
    /// Where variables taken from a checkpoint for tests had come to.
    private var restoredIteration: Int?

    private let solver: FewShotSolver
    private let trainSampler: EpisodeSampler, validationSampler: EpisodeSampler, testSampler: EpisodeSampler
    private var bestVariables: (x: SharedVariables, z: TaskNetwork)

    /// Checks everything; writes nothing.
    public init(_ configuration: FewShotConfiguration, data: FewShotData) throws {
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
        solver = try c.solver(problem, batchSize: c.metaBatch)
        bestVariables = (problem.shared, problem.head)
    }

    public var iteration: Int { solver.iteration }
    public var profile: Profile { solver.profile }

    /// One meta-iteration; validates at every `validateEvery`th and at the last.
    public func step() throws(SolverError) -> Row {
        let t = solver.iteration, c = configuration, report: MetaReport
        do {
            let rateFactor = c.rateFactor(at: t)
            report = try solver.step { [trainSampler, data] index, task in
                FewShotRun.fill(task, with: trainSampler.episode(t * c.metaBatch + index), of: data.train, rateFactor)
            }
        } catch {
            failure = error.description
            throw error
        }
        var accuracy: Double?
        if report.iteration % c.validateEvery == 0 || report.iteration == c.metaIterations {
            let mean = Samples(
                accuracies(
                    validationSampler, data.validation, count: c.validationEpisodes, c.rateFactor(at: report.iteration))
            ).mean
            accuracy = mean
            if mean > best?.accuracy ?? -1 {
                best = (report.iteration, mean)
                bestVariables = (solver.upper, solver.initialization)
            }
        }
        let row = Row(report: report, validationAccuracy: accuracy)
        rows.append(row)
        return row
    }

    /// The rows of the earlier part of a resumed run.
    func takeUp(_ earlier: [Row]) { rows = earlier }

    private static func fill(_ task: TaskData, with episode: Episode, of images: ImageClasses, _ rateFactor: Float) {
        images.write(episode.support, to: task.floats(0))
        images.write(episode.query, to: task.floats(1))
        task.floats(2)[0] = rateFactor
    }

    private func accuracies(_ sampler: EpisodeSampler, _ images: ImageClasses, count: Int, _ rateFactor: Float)
        -> [Double]
    {
        let labels = Tensor(sampler.episode(0).queryLabels)
        return solver.predictions(count: count) { index, task in
            FewShotRun.fill(task, with: sampler.episode(index), of: images, rateFactor)
        }
        .map { $0.prediction.accuracy(labels: labels) }
    }

    /// Accuracies on the first `count` test episodes with the selected variables (the last ones before any validation),
    /// and the hash of these episodes.
    public func test(count: Int) -> (accuracies: [Double], episodesHash: String) {
        let last = (solver.upper, solver.initialization)
        if best != nil { (solver.upper, solver.initialization) = (bestVariables.x, bestVariables.z) }
        defer { (solver.upper, solver.initialization) = last }
        let rateFactor = configuration.rateFactor(at: restoredIteration ?? best?.iteration ?? iteration)
        return (
            accuracies(testSampler, data.test, count: count, rateFactor),
            EpisodeList(testSampler, of: data.test, count: count).hash
        )
    }

    // MARK: Checkpoints

    /// Everything that training needs to go on to the same bits, and the selected variables.
    public var checkpoint: Checkpoint {
        var notes = configuration.architecture
        notes["bestIteration"] = best.map { String($0.iteration) } ?? ""
        notes["bestAccuracy"] = best.map { String($0.accuracy) } ?? ""
        notes["splitHash"] = data.splitHash
        notes["dataset"] = configuration.dataset.rawValue
        notes["image"] = "\(problem.image.channels) x \(problem.image.height) x \(problem.image.width)"
        var result = Checkpoint(notes: notes)
        result.add(solver.state)
        result.add(best == nil ? solver.upper : bestVariables.x, as: "selected.x")
        result.add(best == nil ? solver.initialization : bestVariables.z, as: "selected.z")
        return result
    }

    /// Takes a checkpoint's selected variables, for tests.
    public func restoreSelected(_ checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        try solver.takeSelected(checkpoint, file: file)
        (best, restoredIteration) = (nil, checkpoint.selectedIteration)
    }

    /// Goes on from a checkpoint of the same settings.
    public func restore(_ checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        try checkpoint.check(configuration.architecture, file: file)
        let state = try checkpoint.restored(solver.state, file: file)
        bestVariables = (
            try checkpoint.restored(solver.upper, from: "selected.x", file: file),
            try checkpoint.restored(solver.initialization, from: "selected.z", file: file)
        )
        do { try solver.restore(state) } catch {
            throw CheckpointError(expected: "a state of this solver", got: error.description, file: file)
        }
        if let iteration = Int(checkpoint.notes["bestIteration"] ?? ""),
            let accuracy = Double(checkpoint.notes["bestAccuracy"] ?? "")
        {
            best = (iteration, accuracy)
        }
    }
}

extension MetaSolver {
    /// Takes the variables that validation selected.
    func takeSelected(_ checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        upper = try checkpoint.restored(upper, from: "selected.x", file: file)
        initialization = try checkpoint.restored(initialization, from: "selected.z", file: file)
    }
}

extension Checkpoint {
    /// That it was made with these settings.
    func check(_ settings: [String: String], file: String) throws(CheckpointError) {
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) where notes[key] != value {
            throw CheckpointError(expected: "\(key) \(value)", got: notes[key] ?? "none", file: file)
        }
    }

    /// The meta-iteration of the selected variables.
    var selectedIteration: Int? { notes["bestIteration"].flatMap { Int($0) } ?? notes["iteration"].flatMap { Int($0) } }
}

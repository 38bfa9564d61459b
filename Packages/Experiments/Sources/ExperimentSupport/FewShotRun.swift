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
    public static let batchNormalization = "batch statistics of each episode's support and query images, at test too (transductive)"

    public let configuration: FewShotConfiguration
    public let data: FewShotData
    public let problem: FewShotProblem
    public private(set) var rows: [Row] = []
    public private(set) var best: (iteration: Int, accuracy: Double)?
    public internal(set) var failure: String?

    private let solver: MetaSolver<Backbone, EpisodeImages, EpisodeImages, TaskNetwork>
    private let trainSampler: EpisodeSampler, validationSampler: EpisodeSampler, testSampler: EpisodeSampler
    private var bestVariables: (x: Backbone, z: TaskNetwork)

    /// Checks everything; writes nothing.
    public init(_ configuration: FewShotConfiguration, data: FewShotData) throws {
        self.configuration = configuration
        self.data = data
        let c = configuration
        // Three independent streams of episodes.
        trainSampler = try EpisodeSampler(data.train, ways: c.ways, shots: c.shots, queries: c.queries, seed: c.seed &* 3 &+ 1)
        validationSampler = try EpisodeSampler(data.validation, ways: c.ways, shots: c.shots, queries: c.queries, seed: c.seed &* 3 &+ 2)
        testSampler = try EpisodeSampler(data.test, ways: c.ways, shots: c.shots, queries: c.queries, seed: c.seed &* 3 &+ 3)
        var random = RandomGenerator(seed: c.seed, stream: 4)
        let image = (channels: data.train.channels, height: data.train.height, width: data.train.width)
        problem = try FewShotProblem(ways: c.ways, shots: c.shots, queries: c.queries, image: image, backbone: c.backbone, head: c.head, hidden: c.hidden,
                                     taskConvolutions: c.adaptsEverything ? 4 : c.taskConvolutions, regularizer: c.regularizer, regularization: c.regularization, using: &random)
        solver = try MetaSolver(problem.problem, method: c.solverMethod, upperRule: .adam(rate: c.upperRate), upper: problem.backbone, lower: problem.head,
                                data: problem.template(), batchSize: c.metaBatch, gradientLimit: c.gradientLimit, threads: c.threads)
        bestVariables = (problem.backbone, problem.head)
    }

    public var iteration: Int { solver.iteration }
    public var profile: String { solver.profileText }

    /// One meta-iteration; validates at every `validateEvery`th and at the last.
    public func step() throws(SolverError) -> Row {
        let t = solver.iteration, c = configuration, report: MetaReport
        do {
            report = try solver.step { [trainSampler, data] index, task in
                FewShotRun.fill(task, with: trainSampler.episode(t * c.metaBatch + index), of: data.train)
            }
        } catch {
            failure = error.description
            throw error
        }
        var accuracy: Double?
        if report.iteration % c.validateEvery == 0 || report.iteration == c.metaIterations {
            let mean = Samples(accuracies(validationSampler, data.validation, count: c.validationEpisodes)).mean
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

    private static func fill(_ task: TaskData, with episode: Episode, of images: ImageClasses) {
        images.write(episode.support, to: task.floats(0))
        images.write(episode.query, to: task.floats(1))
    }

    private func accuracies(_ sampler: EpisodeSampler, _ images: ImageClasses, count: Int) -> [Double] {
        let labels = Tensor(sampler.episode(0).queryLabels)
        return solver.predictions(count: count) { index, task in FewShotRun.fill(task, with: sampler.episode(index), of: images) }
            .map { $0.prediction.accuracy(labels: labels) }
    }

    /// Accuracies on the first `count` test episodes with the selected variables (the last ones before any validation), and the hash of
    /// these episodes.
    public func test(count: Int) -> (accuracies: [Double], episodesHash: String) {
        let last = (solver.upper, solver.initialization)
        if best != nil { (solver.upper, solver.initialization) = (bestVariables.x, bestVariables.z) }
        defer { (solver.upper, solver.initialization) = last }
        return (accuracies(testSampler, data.test, count: count), EpisodeList(testSampler, of: data.test, count: count).hash)
    }

    // MARK: Checkpoints

    /// Everything that training needs to go on to the same bits, and the selected variables.
    public var checkpoint: Checkpoint {
        var notes = configuration.architecture
        notes["iteration"] = String(solver.iteration)
        notes["bestIteration"] = best.map { String($0.iteration) } ?? ""
        notes["bestAccuracy"] = best.map { String($0.accuracy) } ?? ""
        notes["splitHash"] = data.splitHash
        var result = Checkpoint(notes: notes)
        result.add(solver.upper, as: "x")
        result.add(solver.initialization, as: "z")
        result.add(best == nil ? solver.upper : bestVariables.x, as: "selected.x")
        result.add(best == nil ? solver.initialization : bestVariables.z, as: "selected.z")
        result.add(solver.updateState.tensors, as: "update")
        return result
    }

    /// Takes a checkpoint's selected variables, for tests.
    public func restoreSelected(_ checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        solver.upper = try checkpoint.restored(solver.upper, from: "selected.x", file: file)
        solver.initialization = try checkpoint.restored(solver.initialization, from: "selected.z", file: file)
        best = nil
    }

    /// Goes on from a checkpoint of the same settings.
    public func restore(_ checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        for (key, value) in configuration.architecture.sorted(by: { $0.key < $1.key }) where checkpoint.notes[key] != value {
            throw CheckpointError(expected: "\(key) \(value)", got: checkpoint.notes[key] ?? "none", file: file)
        }
        solver.upper = try checkpoint.restored(solver.upper, from: "x", file: file)
        solver.initialization = try checkpoint.restored(solver.initialization, from: "z", file: file)
        bestVariables = (try checkpoint.restored(solver.upper, from: "selected.x", file: file), try checkpoint.restored(solver.initialization, from: "selected.z", file: file))
        solver.updateState = (try checkpoint.restored(solver.updateState.tensors, from: "update", file: file), Int(checkpoint.notes["iteration"] ?? "") ?? 0)
        if let iteration = Int(checkpoint.notes["bestIteration"] ?? ""), let accuracy = Double(checkpoint.notes["bestAccuracy"] ?? "") { best = (iteration, accuracy) }
    }
}

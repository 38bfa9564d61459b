import BilevelOptimization
import Datasets
import Foundation
import NeuralLayers
import Randomness
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
    /// Where tests differ from training; else the solver itself.
    private let predictor: FewShotSolver?
    private let statisticsReader: RunningStatistics?
    /// Of the variables that validation selected; nil where they have not been needed yet.
    private var selectedStatistics: [ChannelStatistics]?
    private(set) var selectedRefusal: Refusal?
    /// Of the training's pictures, where they are strokes.
    private let strokeWidth: Double?
    private let trainSampler: EpisodeSampler, validationSampler: EpisodeSampler, testSampler: EpisodeSampler
    private var bestVariables: (x: SharedVariables, z: TaskNetwork)

    /// Checks everything; writes nothing.
    package init(_ configuration: FewShotConfiguration, data: FewShotData) throws {
        self.configuration = configuration
        self.data = data
        let c = configuration
        // Three independent streams of episodes. A person's classes are used as far as they go.
        let repeats = c.dataset == .folder
        trainSampler = try EpisodeSampler(
            data.train, ways: c.trainWays ?? c.ways, shots: c.shots, queries: c.trainQueries ?? c.queries,
            seed: c.seed &* 3 &+ 1, repeatsQueries: repeats)
        validationSampler = try EpisodeSampler(
            data.validation, ways: c.ways, shots: c.shots, queries: c.queries, seed: c.seed &* 3 &+ 2,
            repeatsQueries: repeats)
        testSampler = try EpisodeSampler(
            data.test, ways: c.ways, shots: c.shots, queries: c.queries, seed: c.seed &* 3 &+ 3,
            repeatsQueries: repeats)
        guard trainSampler.ways == c.ways || c.method.solution != .descent else {
            throw SolverError.outOfRange(
                name: "--train-ways", expected: "\(c.ways) where the head's start is learned",
                got: "\(trainSampler.ways)", nearest: "\(c.ways)")
        }
        let image = (channels: data.train.channels, height: data.train.height, width: data.train.width)
        func made(_ sampler: EpisodeSampler) throws -> FewShotProblem {
            let sample = sampler.episode(0)
            return try c.problem(
                ways: sampler.ways, supportLabels: sample.supportLabels, queryLabels: sample.queryLabels, image: image)
        }
        problem = try made(trainSampler)
        try RunError.checkMemory(
            innerIterations: c.innerIterations,
            bytesPerState: problem.head.tensors.reduce(0) { $0 + $1.count * $1.elementType.byteCount },
            copies: min(c.threads, c.metaBatch), budget: c.memoryBudget)
        solver = try c.solver(problem, c.normalization.inTraining, batchSize: c.metaBatch)
        let differs =
            c.normalization.inTests != c.normalization.inTraining
            || (trainSampler.ways, trainSampler.queries) != (testSampler.ways, testSampler.queries)
        predictor =
            differs
            ? try c.solver(made(testSampler), c.normalization.inTests, batchSize: c.threads) : nil
        statisticsReader =
            switch c.normalization {
            case .transductive, .support: nil
            case .running: RunningStatistics(ofBackbone: problem, data.train, trainSampler)
            case .perStep:
                RunningStatistics(
                    ofLastStep: problem,
                    try c.solver(problem, c.normalization.inTraining, batchSize: 1, predicting: .statistics),
                    data.train, trainSampler)
            }
        strokeWidth = c.dataset.learnsStrokes ? StrokePen.typicalWidth(of: data.train) : nil
        bestVariables = (problem.shared, problem.head)
    }

    /// How classes came to their parts, what is used as far as it goes, and what is not read or not used, a line each.
    package var remarks: [String] {
        let short = [trainSampler, validationSampler, testSampler].reduce(0) { $0 + $1.shortClassCount },
            shots = configuration.shots, queries = max(configuration.queries, trainSampler.queries)
        let repeated =
            short == 0
            ? nil
            : "\(configuration.dataPath): \(short) classes have fewer pictures than the \(shots) + \(queries) of an "
                + "episode: theirs are asked more than once in it"
        return [data.division, repeated].compactMap { $0 } + data.remarks
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
        let report = try solver.step { [trainSampler, data, problem] index, task in
            let number = t * c.metaBatch + index
            FewShotRun.fill(task, with: trainSampler.episode(number), of: data.train, rateFactor)
            var random = RandomGenerator(seed: trainSampler.seed, stream: .augmentation(ofEpisode: number))
            for part in 0..<2 { c.augmentation.apply(to: task.floats(part), problem.image, using: &random) }
        }
        var accuracy: Samples?
        if report.iteration % c.validateEvery == 0 || report.iteration == c.metaIterations {
            let statistics = currentStatistics(c.rateFactor(at: report.iteration))
            let own = try logits(
                validationSampler, data.validation, count: c.validationEpisodes, c.rateFactor(at: report.iteration),
                statistics, of: validationSampler.episode)
            let found = Samples(accuracies(own, validationSampler)), mean = found.mean
            accuracy = found
            if mean > best?.accuracy ?? -1 {
                best = (report.iteration, mean)
                bestVariables = (solver.upper, solver.initialization)
                selectedStatistics = statistics
                selectedRefusal = try calibrated(own, c.rateFactor(at: report.iteration), statistics)
            }
        }
        let row = FewShotRow(
            report: report, validationAccuracy: accuracy?.mean,
            validationConfidence95: accuracy.flatMap { $0.confidence95.isNaN ? nil : $0.confidence95 })
        rows.append(row)
        return row.cells
    }

    /// Of the solver's variables.
    private func currentStatistics(_ rateFactor: Float) -> [ChannelStatistics]? {
        statisticsReader?.statistics(of: solver.upper, solver.initialization, rateFactor)
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

    private static func fill(
        _ task: TaskData, with episode: Episode, of images: ImageClasses, _ rateFactor: Float,
        _ statistics: [[Float]] = []
    ) {
        images.write(episode.support, to: task.floats(0))
        images.write(episode.query, to: task.floats(1))
        task.floats(2)[0] = rateFactor
        for (i, values) in statistics.enumerated() { _ = task.floats(3 + i).update(fromContentsOf: values) }
    }

    /// - Parameter logits: of the query of each of the sampler's first episodes, whose labels are alike.
    private func accuracies(_ logits: [Tensor], _ sampler: EpisodeSampler) -> [Double] {
        let labels = Tensor(sampler.episode(0).queryLabels)
        return logits.map { $0.accuracy(labels: labels) }
    }

    /// Logits of the query of each episode; as many episodes at once as there are threads, until told to stop.
    /// Predictions that are not finite are an error.
    /// - Parameter queried: whose query takes the place of an episode's own.
    private func logits(
        _ sampler: EpisodeSampler, _ images: ImageClasses, count: Int, _ rateFactor: Float,
        _ statistics: [ChannelStatistics]?, of queried: @escaping @Sendable (Int) -> Episode,
        isStopped: () -> Bool = { false }
    ) throws -> [Tensor] {
        let predictor = self.predictor ?? solver
        if predictor !== solver {
            predictor.upper = solver.upper
            if configuration.method.solution == .descent { predictor.initialization = solver.initialization }
        }
        let values: [[Float]] = (statistics ?? []).tensors.map { $0.scalars() }
        var result: [Tensor] = []
        while result.count < count, !isStopped() {
            let first = result.count
            let predictions = predictor.predictions(count: min(configuration.threads, count - first)) { index, task in
                FewShotRun.fill(task, with: sampler.episode(first + index), of: images, rateFactor, values)
                images.write(queried(first + index).query, to: task.floats(1))
            }
            for (prediction, _) in predictions {
                guard prediction.scalars.allSatisfy(\.isFinite) else {
                    throw RunError.notFinite(
                        place: "\(images.name) episode \(result.count)", quantity: "the predictions")
                }
                result.append(prediction)
            }
        }
        return result
    }

    /// When a picture is none of an episode's classes: from validation episodes, with the queries of the next in place
    /// of strangers. Nil where what a picture is taken for depends on its company.
    /// - Parameter own: logits of the validation episodes.
    private func calibrated(
        _ own: [Tensor], _ rateFactor: Float, _ statistics: [ChannelStatistics]?
    ) throws -> Refusal? {
        guard configuration.normalization != .transductive else { return nil }
        let sampler = validationSampler, images = data.validation, count = min(own.count, 100)
        let others = try logits(sampler, images, count: count, rateFactor, statistics) { sampler.episode($0 + 1) }
        let classes = (0..<images.classCount).map(images.images(ofClass:))
        var strangers: [[Double]] = []
        for (number, logits) in others.enumerated() {
            let shown = sampler.episode(number).support,
                theirs = classes.filter { images in shown.contains(where: images.contains) }
            for (image, row) in zip(sampler.episode(number + 1).query, logits.rows)
            where !theirs.contains(where: { $0.contains(image) }) {
                strangers.append(row)
            }
        }
        return Refusal(own: own.prefix(count).flatMap(\.rows), strangers: strangers)
    }

    /// Accuracies on the first `count` test episodes with the selected variables (the last ones before any validation),
    /// or on fewer where it was stopped, and the hash of these episodes.
    package func test(
        count: Int, isStopped: () -> Bool = { false }
    ) throws -> (accuracies: [Double], episodesHash: String) {
        let logits = try testLogits(count: count, isStopped: isStopped)
        return (
            accuracies(logits, testSampler), EpisodeList(testSampler, of: data.test, count: logits.count).hash
        )
    }

    private func testLogits(count: Int, isStopped: () -> Bool) throws -> [Tensor] {
        let last = (solver.upper, solver.initialization)
        if best != nil { (solver.upper, solver.initialization) = (bestVariables.x, bestVariables.z) }
        defer { (solver.upper, solver.initialization) = last }
        let rateFactor = configuration.rateFactor(at: restoredIteration ?? best?.iteration ?? iteration)
        if selectedStatistics == nil { selectedStatistics = currentStatistics(rateFactor) }
        return try logits(
            testSampler, data.test, count: count, rateFactor, selectedStatistics, of: testSampler.episode,
            isStopped: isStopped)
    }

    /// What test pictures were taken for, and the first episode's as pictures.
    private func answers(_ logits: [Tensor]) -> (confusion: ClassConfusion, example: ExampleEpisode?) {
        let images = data.test, shots = testSampler.shots
        var confusion = ClassConfusion(classNames: (0..<images.classCount).map(images.className)),
            classOf: [Int: Int] = [:], example: ExampleEpisode?
        for index in 0..<images.classCount { for image in images.images(ofClass: index) { classOf[image] = index } }
        for (number, prediction) in logits.enumerated() {
            let episode = testSampler.episode(number),
                classes = (0..<testSampler.ways).map { classOf[episode.support[$0 * shots]]! },
                answers = prediction.rows.map { row in row.indices.max { row[$0] < row[$1] }! }
            for (label, answer) in zip(episode.queryLabels, answers) {
                confusion.count(classes[Int(label)], takenFor: classes[answer])
            }
            if number == 0 {
                example = ExampleEpisode(
                    episode, of: images, answers: answers, names: classes.map { confusion.classNames[$0] })
            }
        }
        return (confusion, example)
    }

    // MARK: Checkpoints

    /// The solver's state, and the selected variables.
    package var checkpoint: Checkpoint {
        var result = Checkpoint(notes: settings.deciding)
        result.notes["iteration"] = String(solver.iteration)
        result.notes["bestIteration"] = best.map { String($0.iteration) } ?? ""
        result.notes["bestAccuracy"] = best.map { String($0.accuracy) } ?? ""
        result.notes["refusal"] = selectedRefusal?.note
        result.notes["strokeWidth"] = strokeWidth.map(numberText)
        result.notes["image"] = "\(problem.image.channels) x \(problem.image.height) x \(problem.image.width)"
        result.add(solver.state)
        result.add(best == nil ? solver.upper : bestVariables.x, as: "selected.x")
        result.add(best == nil ? solver.initialization : bestVariables.z, as: "selected.z")
        if let statistics = selectedStatistics ?? currentStatistics(configuration.rateFactor(at: iteration)) {
            result.add(statistics, as: "selected.statistics")
        }
        return result
    }

    /// Takes the selected variables of another run's checkpoint as those that training starts from.
    package func start(from checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        try solver.takeSelected(checkpoint, file: file, takesStart: configuration.method.solution == .descent)
        bestVariables = (solver.upper, solver.initialization)
    }

    /// Takes a checkpoint's selected variables, for tests.
    package func restoreSelected(_ checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        try solver.takeSelected(checkpoint, file: file)
        (best, restoredIteration) = (nil, checkpoint.selectedIteration)
        selectedStatistics = try statistics(in: checkpoint, file: file)
    }

    /// Nothing reads them with another normalization, whatever the checkpoint was trained with.
    private func statistics(in checkpoint: Checkpoint, file: String) throws(CheckpointError) -> [ChannelStatistics]? {
        guard statisticsReader != nil else { return nil }
        return try checkpoint.statistics(like: problem.statisticsTemplate(), file: file)
    }

    package func restore(_ checkpoint: Checkpoint, iteration: Int, rows: [MetricsRow], file: String) throws {
        let selected = (
            try checkpoint.restored(solver.upper, from: "selected.x", file: file),
            try checkpoint.restored(solver.initialization, from: "selected.z", file: file)
        )
        try solver.restore(from: checkpoint, iteration: iteration, file: file)
        bestVariables = selected
        selectedStatistics = try statistics(in: checkpoint, file: file)
        selectedRefusal = checkpoint.notes["refusal"].flatMap(Refusal.init(note:))
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
        let logits = try testLogits(count: count, isStopped: isStopped), accuracies = accuracies(logits, testSampler),
            hash = EpisodeList(testSampler, of: data.test, count: logits.count).hash, answers = answers(logits)
        let isShort = accuracies.count < count
        return FewShotOutcome(
            configuration: configuration, settings: settings, rows: rows, metaIterations: iteration, best: best,
            accuracies: accuracies, episodesHash: hash, splitHash: data.splitHash,
            inventory: FewShotInventory(data, remarks: remarks), confusion: answers.confusion, example: answers.example,
            peakMemoryBytes: PeakMemory.bytes,
            stoppedBecause: stoppedBecause
                ?? (isShort ? "a signal, after \(accuracies.count) of \(count) test episodes" : nil))
    }
}

extension RandomStream {
    fileprivate static func augmentation(ofEpisode number: Int) -> RandomStream {
        RandomStream("augmentation of episode \(number)", number: 1 << 41 | UInt64(number))
    }
}

extension MetaSolver {
    /// Takes the variables that validation selected.
    /// - Parameter takesStart: whether z too; where it is not learned it may have been for other ways.
    func takeSelected(_ checkpoint: Checkpoint, file: String, takesStart: Bool = true) throws(CheckpointError) {
        upper = try checkpoint.restored(upper, from: "selected.x", file: file)
        guard takesStart else { return }
        initialization = try checkpoint.restored(initialization, from: "selected.z", file: file)
    }
}

extension Tensor {
    /// Of a matrix.
    fileprivate var rows: [[Double]] {
        let all = scalars, width = shape[1]
        return stride(from: 0, to: all.count, by: width).map { Array(all[$0..<($0 + width)]) }
    }
}

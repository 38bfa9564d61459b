import ArgumentParser
import BilevelOptimization
import Datasets
import ExperimentSupport
import Foundation
import Reporting

/// `few-shot train`: parse, train, validate, test once, report.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains on episodes, selects on validation episodes, tests once.",
        discussion:
            "Writes a folder with report.html, summary.json, metrics.csv, episodes.csv, last.safetensors and configuration.json."
    )

    @Option(help: "Which data set; glyphs needs no data.") var dataset = FewShotDataset.omniglot
    @Option(help: "Folder or zip archive of the data.") var data = ""
    @Option(help: "Folder with the split files, where the data do not hold them.") var splitFile: String?
    @Option(parsing: .unconditional, help: "Classes of an episode.") var ways = 5
    @Option(parsing: .unconditional, help: "Labelled images a class.") var shots = 1
    @Option(parsing: .unconditional, help: "Images a class to be told apart.") var queries = 15
    @Option(help: "omniglot (28 x 28, 64 channels), convnet4 (32 channels) or resnet12. (default: by the data set)")
    var backbone: FewShotProblem.BackboneName?
    @Option(parsing: .unconditional, help: "Channels of the (first) block. (default: the backbone's)") var hidden: Int?
    @Option(parsing: .unconditional, help: "How many of the last convolution blocks belong to the task.") var taskConv =
        0
    @Option(help: "linear, or dfc: the last block belongs to the task, with softplus.") var head = FewShotProblem
        .HeadName.linear
    @Option(help: "none, distance (to the start) or lq.") var regularizer = FewShotProblem.Regularizer.none
    @Option(parsing: .unconditional, help: "λ of the regularizer.") var regularization = 0.25
    @Option(help: "The bilevel method.") var method = FewShotConfiguration.MethodName.iapttGM
    @Option(parsing: .unconditional, help: "Tasks of a meta-iteration.") var metaBatch = 4
    @Option(parsing: .unconditional, help: "Lower steps K.") var innerIterations = 10
    @Option(
        parsing: .unconditional, help: "Step size of a task's part. (default: 0.1 for grey images, 0.01 for colour)")
    var lowerRate: Double?
    @Option(parsing: .unconditional, help: "Step size of the backbone (Adam).") var upperRate = 1e-3
    @Option(
        parsing: .unconditional,
        help:
            "What the lower rate decays to, by a cosine over --decay-iterations. (default: a tenth for colour images, no decay for grey)"
    ) var finalLowerRate: Double?
    @Option(parsing: .unconditional, help: "Meta-iterations of the decay.") var decayIterations = 80_000
    @Option(
        parsing: .unconditional,
        help:
            "Step size of the shared start z (Adam); of reptile the share of the way to y_K. (default: 0.001; reptile 0.25)"
    ) var initializationRate: Double?
    @Option(parsing: .unconditional, help: "Steps that t-rhg differentiates.") var truncationLength = 5
    @Option(
        parsing: .unconditional, help: "Clamp of the backbone's gradient; 0 for none. (default: 10 for colour images)")
    var gradientLimit: Double?
    @Option(parsing: .unconditional, help: "Meta-iterations.") var metaIterations = 10_000
    @Option(parsing: .unconditional, help: "Meta-iterations between validations, each of which writes a checkpoint.")
    var validateEvery = 500
    @Option(parsing: .unconditional, help: "Validation episodes.") var validationEpisodes = 100
    @Option(parsing: .unconditional, help: "Test episodes.") var testEpisodes = 1000
    @Option(parsing: .unconditional, help: "Seed of the initial weights and the episodes.") var seed: UInt64 = 0
    @Option(parsing: .unconditional, help: "Threads; results do not depend on them.") var threads = ProcessInfo
        .processInfo.activeProcessorCount
    @Option(help: "Folder for decoded images, so that the next start is quick.") var cache: String?
    @Option(help: "Folder for the results, new or empty. (default: runs/few-shot-<date>)") var output: String?
    @Flag(help: "Go on with the run in --output, from its last checkpoint, to the same bits.") var resume = false
    @Flag(help: "Print the compiled programs' instructions with their times at the end.") var profile = false

    func validate() throws {
        for (name, value) in [
            ("meta-batch", metaBatch), ("inner-iterations", innerIterations), ("meta-iterations", metaIterations),
            ("validate-every", validateEvery),
            ("validation-episodes", validationEpisodes), ("test-episodes", testEpisodes),
            ("truncation-length", truncationLength), ("threads", threads), ("decay-iterations", decayIterations),
        ]
        where value < 1 { throw ValidationError("--\(name): at least 1 expected, got \(value)") }
        for (name, value) in [
            ("lower-rate", lowerRate ?? 1), ("upper-rate", upperRate), ("final-lower-rate", finalLowerRate ?? 1),
            ("initialization-rate", initializationRate ?? 1),
        ]
        where !(value > 0 && value.isFinite) {
            throw ValidationError("--\(name): a positive number expected, got \(value)")
        }
        if resume, output == nil { throw ValidationError("--resume: --output with the folder of the run expected") }
        try checkData(dataset, at: data)
    }

    func run() throws { try reportingErrors(train) }

    private func train() throws {
        let images = try FewShotData.load(
            dataset, path: data, splitDirectory: splitFile, cache: ImageCache(directory: cache), seed: seed)
        let isGrey = images.train.channels == 1
        var settings = FewShotConfiguration()
        settings.dataset = dataset
        settings.dataPath = data
        settings.splitDirectory = splitFile
        settings.ways = ways
        settings.shots = shots
        settings.queries = queries
        settings.backbone = backbone ?? (isGrey ? .omniglot : .convnet4)
        settings.hidden = hidden
        settings.taskConvolutions = taskConv
        settings.head = head
        settings.regularizer = regularizer
        settings.regularization = regularization
        settings.method = method
        settings.metaBatch = metaBatch
        settings.innerIterations = innerIterations
        settings.lowerRate = lowerRate ?? (isGrey ? 0.1 : 0.01)
        settings.upperRate = upperRate
        settings.finalLowerRate = finalLowerRate ?? (isGrey ? nil : settings.lowerRate / 10)
        settings.decayIterations = decayIterations
        settings.initializationRate = initializationRate ?? (method == .reptile ? 0.25 : 1e-3)
        settings.truncationLength = truncationLength
        settings.gradientLimit = gradientLimit.map { $0 > 0 ? $0 : nil } ?? (isGrey ? nil : 10)
        settings.metaIterations = metaIterations
        settings.validateEvery = validateEvery
        settings.validationEpisodes = validationEpisodes
        settings.testEpisodes = testEpisodes
        settings.seed = seed
        settings.threads = threads

        let run = try FewShotRun(settings, data: images)
        let folder = output ?? CommandLine.defaultOutput("few-shot")
        let report = resume ? try FewShotReport(resuming: run, output: folder) : try FewShotReport(run, output: folder)
        let stop = StopSignal()
        var progress = Reporting.Progress(label: "few-shot", total: metaIterations, doneBefore: run.iteration),
            accuracy = run.best?.accuracy ?? .nan
        do {
            while run.iteration < metaIterations, !stop.isWished {
                let row = try run.step()
                try report.append(row)
                accuracy = row.validationAccuracy ?? accuracy
                progress.update(
                    run.iteration,
                    String(
                        format: "query loss %.3f  validation %.3f  k̄ %.1f", row.report.upperValue, accuracy,
                        row.report.meanTruncation))
            }
        } catch let error as SolverError {
            progress.finish()
            _ = try report.finish(testEpisodes: testEpisodes)
            throw error
        }
        progress.finish()
        try report.writeCheckpoint()
        let result = try report.finish(testEpisodes: testEpisodes)
        if profile { print(run.profile) }
        print(
            String(
                format:
                    "test accuracy %.2f ± %.2f %% (95 %% interval over %d episodes; batch normalization transductive)",
                100 * result.accuracy, 100 * result.confidence95, testEpisodes))
        print("\(report.path)/report.html")
    }
}

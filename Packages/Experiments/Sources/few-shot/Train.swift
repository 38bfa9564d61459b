import ArgumentParser
import Datasets
import FewShotSupport
import Foundation
import Reporting
import RunSupport
import Tensors

private typealias Settings = FewShotSettings

/// `few-shot train`: parse, train, validate, test once, report.
struct Train: RunCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains on episodes, selects on validation episodes, tests once.",
        discussion: "Writes a folder with report.html, summary.json, metrics.csv, episodes.csv, last.safetensors and "
            + "configuration.json.")

    @Option(Settings.dataset) var dataset
    @Option(Settings.data) var data
    @Option(Settings.splitFile) var splitFile
    @Option(Settings.imageSize) var imageSize
    @Flag(help: "Make pictures grey.") var grey = false
    @Option(Settings.ways) var ways
    @Option(Settings.shots) var shots
    @Option(Settings.queries) var queries
    @Option(Settings.trainWays) var trainWays
    @Option(Settings.trainQueries) var trainQueries
    @Option(Settings.augmentation) var augmentation
    @Option(Settings.normalization) var normalization
    @Option(Settings.backbone) var backbone
    @Option(Settings.hidden) var hidden
    @Option(Settings.taskConvolutions) var taskConv
    @Option(Settings.head) var head
    @Option(Settings.regularizer) var regularizer
    @Option(Settings.regularization) var regularization
    @Option(Settings.method) var method
    @Option(Settings.metaBatch) var metaBatch
    @Option(Settings.innerIterations) var innerIterations
    @Option(Settings.lowerRate) var lowerRate
    @Option(Settings.upperRate) var upperRate
    @Option(Settings.stepSizes) var stepSizes
    @Option(Settings.preconditioner) var preconditioner
    @Option(Settings.finalLowerRate) var finalLowerRate
    @Option(Settings.decayIterations) var decayIterations
    @Option(Settings.initializationRate) var initializationRate
    @Option(Settings.finalUpperRate) var finalUpperRate
    @Option(Settings.upperDecayIterations) var upperDecayIterations
    @Option(Settings.truncationLength) var truncationLength
    @Option(Settings.gradientLimit) var gradientLimit
    @Option(Settings.metaIterations) var metaIterations
    @Option(Settings.validateEvery) var validateEvery
    @Option(Settings.validationEpisodes) var validationEpisodes
    @Option(Settings.testEpisodes) var testEpisodes
    @Option(Settings.start) var start
    @Option(Settings.seed) var seed
    @Option(Settings.threads) var threads
    @Option(Settings.memoryBudget) var memoryBudget
    @Option(help: "Folder for decoded images, so that the next start is quick.") var cache: String?
    @Option(help: "Folder for the results, new or empty. (default: runs/few-shot-<date>)") var output: String?
    @Flag(help: "Go on with the run in --output, from its last checkpoint, to the same bits.") var resume = false
    @Flag(help: "Print the compiled programs' instructions with their times at the end.") var profile = false

    func validate() throws {
        if resume, output == nil { throw ValidationError("--resume: --output with the folder of the run expected") }
        try checkData(settings(forGreyImages: true))
    }

    private func settings(forGreyImages isGrey: Bool) -> FewShotConfiguration {
        var settings = FewShotConfiguration(forGreyImages: isGrey)
        settings.threads = ProcessInfo.processInfo.activeProcessorCount
        for given in [
            dataset, data, splitFile, imageSize, ways, shots, queries, trainWays, trainQueries,
            augmentation, normalization, backbone, hidden,
            taskConv, head, regularizer, regularization, method, metaBatch, innerIterations, lowerRate, upperRate,
            stepSizes, preconditioner, finalLowerRate, decayIterations,
            finalUpperRate, upperDecayIterations, initializationRate, truncationLength, gradientLimit, metaIterations,
            validateEvery, validationEpisodes,
            testEpisodes, start, seed, threads, memoryBudget,
        ] { given?.apply(to: &settings) }
        settings.isGrey = grey
        // What depends on other settings.
        if finalLowerRate == nil, !isGrey { settings.finalLowerRate = settings.lowerRate / 10 }
        if finalUpperRate != nil, upperDecayIterations == nil {
            settings.upperDecayIterations = settings.metaIterations
        }
        if settings.method.solution.isClosedForm { settings.innerIterations = 1 }
        if innerIterations == nil, settings.method == .logistic {
            settings.innerIterations = FewShotProblem.logisticIterations
        }
        if initializationRate == nil, settings.method == .reptile { settings.initializationRate = 0.25 }
        return settings
    }

    func execute() throws {
        let asked = settings(forGreyImages: true)
        let images = try load(asked, preparation: asked.preparation, cache: cache)
        let run = try FewShotRun(settings(forGreyImages: images.train.channels == 1), data: images)
        if let start = run.configuration.start, !resume {
            try run.start(from: Checkpoint(path: start), file: start)
        }
        let folder = output ?? defaultOutput(Self.label), stop = StopSignal(Self.label)
        let driver = try RunDriver(run, output: folder, resumes: resume)
        say(run.remarks)
        var progress = ProgressBar(
            label: Self.label, total: run.totalIterations, doneBefore: driver.startIteration)
        defer { progress.finish() }
        let outcome = try driver.complete(isStopped: { stop.isWished }) { progress.update($0, $1) }
        if profile { print(run.profile) }
        if let accuracy = outcome.accuracyText {
            print(
                "test accuracy \(accuracy) (95 % interval over \(outcome.accuracies.count) episodes; "
                    + "batch normalization \(run.configuration.normalization.rawValue))")
        } else {
            print("not tested: stopped before; few-shot evaluate does it, --resume goes on")
        }
        print("\(folder)/report.html")
    }
}

import ArgumentParser
import BilevelOptimization
import Datasets
import ExperimentSupport
import Foundation
import Reporting

extension ImageDataset: @retroactive ExpressibleByArgument {}
extension HyperCleaningNetwork: ExpressibleByArgument {}
extension HyperCleaningConfiguration.MethodName: ExpressibleByArgument {}
extension HyperCleaningConfiguration.ReferenceQuirk: ExpressibleByArgument {}

/// `hyper-cleaning`: parse, run, report.
@main
struct HyperCleaning: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hyper-cleaning",
        abstract: "Finds mislabelled training samples by learning a weight for each, so that a network trained with these weights does well on clean data.",
        discussion: "Writes a folder with report.html, summary.json, metrics.csv, weights.csv, last.safetensors and configuration.json. For noisy data of your own: "
            + "put it in the four standard IDX files and say --corruption 0.")

    @Option(help: "Which data set.") var dataset = ImageDataset.fashionMNIST
    @Option(help: "Folder with the four standard IDX files (plain or .gz), or with the CIFAR-10 binary batches.") var dataDirectory: String
    @Option(help: "784-10, 784-300-10 without activation, or 784-300-10 with ReLU.") var network = HyperCleaningNetwork.deepLinear
    @Option(help: "The bilevel method.") var method = HyperCleaningConfiguration.MethodName.iapttGM
    @Option(help: "Upper iterations T.") var outerIterations = 3000
    @Option(help: "Lower steps K in each upper iteration.") var innerIterations = 100
    @Option(help: "Step size of the network's parameters (gradient descent).") var lowerRate = 0.03
    @Option(help: "Step size of the sample weights (Adam).") var upperRate = 0.01
    @Option(help: "Step size of the initialization auxiliary z (gradient descent).") var initializationRate = 0.03
    @Option(help: "Share of the training labels replaced by another class, in [0, 1).") var corruption = 0.5
    @Option(help: "Training samples.") var trainSize = 5000
    @Option(help: "Validation samples.") var validationSize = 5000
    @Option(help: "Test samples.") var testSize = 10_000
    @Option(help: "Upper iterations between evaluations on the test samples.") var evaluateEvery = 50
    @Option(help: "Steps that t-rhg differentiates.") var truncationLength = 25
    @Option(help: "Seed of split, noise and initial weights.") var seed: UInt64 = 0
    @Option(help: "Threads; results do not depend on them.") var threads = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Folder for the results, new or empty. (default: runs/hyper-cleaning-<date>)") var output: String?
    @Flag(help: "Go on with the run in --output, from its last checkpoint, to the same bits.") var resume = false
    @Flag(help: "Print the compiled programs and the time of each instruction at the end.") var profile = false
    @Option(parsing: .upToNextOption, help: "What the authors' code does differently: any-class (corrupted labels drawn from all classes), accuracy-at-z, z-rate (z moves at the lower rate).")
    var referenceQuirks: [HyperCleaningConfiguration.ReferenceQuirk] = []

    func validate() throws {
        for (name, value) in [("outer-iterations", outerIterations), ("inner-iterations", innerIterations), ("evaluate-every", evaluateEvery),
                              ("truncation-length", truncationLength), ("threads", threads)] where value < 1 {
            throw ValidationError("--\(name): at least 1 expected, got \(value)")
        }
        for (name, value) in [("lower-rate", lowerRate), ("upper-rate", upperRate), ("initialization-rate", initializationRate)]
            where !(value > 0 && value.isFinite) { throw ValidationError("--\(name): a positive number expected, got \(value)") }
        if resume, output == nil { throw ValidationError("--resume: --output with the folder of the run expected") }
    }

    func run() throws {
        do { try clean() } catch let error where !(error is ExitCode) {
            CommandLine.complain("hyper-cleaning", error)
            throw ExitCode(2)
        }
    }

    private func clean() throws {
        var settings = HyperCleaningConfiguration()
        settings.dataset = dataset
        settings.dataDirectory = dataDirectory
        settings.network = network
        settings.method = method
        settings.outerIterations = outerIterations
        settings.innerIterations = innerIterations
        settings.lowerRate = lowerRate
        settings.upperRate = upperRate
        settings.initializationRate = initializationRate
        settings.corruption = corruption
        settings.trainSize = trainSize
        settings.validationSize = validationSize
        settings.testSize = testSize
        settings.evaluateEvery = evaluateEvery
        settings.truncationLength = truncationLength
        settings.seed = seed
        settings.threads = threads
        settings.quirks = referenceQuirks

        let run = try HyperCleaningRun(settings)
        let folder = output ?? CommandLine.defaultOutput("hyper-cleaning")
        let report = resume ? try HyperCleaningReport(resuming: run, output: folder) : try HyperCleaningReport(run, output: folder)
        let stop = StopSignal()
        var progress = Progress(label: "hyper-cleaning", total: outerIterations), accuracy = Double.nan
        do {
            while run.iteration < outerIterations, !stop.isWished {
                let row = try run.step()
                try report.append(row)
                accuracy = row.accuracy ?? accuracy
                progress.update(run.iteration, String(format: "F1 %.3f  accuracy %.3f  k̄ %d", row.metrics.f1, accuracy, row.report.truncation))
            }
        } catch let error as SolverError {
            progress.finish()
            try report.finish()
            throw error
        }
        progress.finish()
        try report.writeCheckpoint()
        try report.finish()
        if profile { print(run.profile) }
        print("\(report.path)/report.html")
    }
}

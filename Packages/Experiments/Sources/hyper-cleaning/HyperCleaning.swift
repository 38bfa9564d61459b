import ArgumentParser
import BilevelOptimization
import Datasets
import ExperimentSupport
import Foundation
import MethodCatalogue
import Reporting

extension ImageDataset: @retroactive ExpressibleByArgument {}
extension HyperCleaningNetwork: ExpressibleByArgument {}
extension HyperCleaningConfiguration.ReferenceQuirk: ExpressibleByArgument {}
extension HyperCleaningConfiguration.HeldOut: ExpressibleByArgument {}

/// `hyper-cleaning`: parse, run, report.
@main
struct HyperCleaning: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hyper-cleaning",
        abstract:
            "Finds mislabelled training samples by learning a weight for each, so that a network trained with these weights does well on clean data.",
        discussion:
            "Writes a folder with report.html, summary.json, metrics.csv, weights.csv, last.safetensors and configuration.json. For noisy data of your own: "
            + "put it in the four standard IDX files and say --corruption 0. Several methods or networks: a folder for each, and a report that compares them."
    )

    @Option(help: "Which data set.") var dataset = ImageDataset.fashionMNIST
    @Option(help: "Folder with the four standard IDX files (plain or .gz), or with the CIFAR-10 binary batches.")
    var dataDirectory: String
    @Option(help: "784-10, 784-300-10 without activation, or 784-300-10 with ReLU; repeatable.") var network = [
        HyperCleaningNetwork.deepLinear
    ]
    @Option(
        help:
            "A bilevel method, repeatable, or all: \(HyperCleaningConfiguration.methods.map(\.rawValue).joined(separator: ", "))."
    ) var method = ["iaptt-gm"]
    @Option(parsing: .unconditional, help: "Upper iterations T.") var outerIterations = 3000
    @Option(parsing: .unconditional, help: "Lower steps K in each upper iteration.") var innerIterations = 100
    @Option(parsing: .unconditional, help: "Step size of the network's parameters (gradient descent).") var lowerRate =
        0.03
    @Option(parsing: .unconditional, help: "Step size of the sample weights (Adam).") var upperRate = 0.01
    @Option(parsing: .unconditional, help: "Step size of the initialization auxiliary z (gradient descent).")
    var initializationRate = 0.03
    @Option(parsing: .unconditional, help: "Share of the training labels replaced by another class, in [0, 1).")
    var corruption = 0.5
    @Option(
        help:
            "Which file validation and test samples are drawn from: training, as in the protocol, or test (t10k), where noisy data of your own come with clean ones."
    )
    var heldOut = HyperCleaningConfiguration.HeldOut.training
    @Option(parsing: .unconditional, help: "Training samples.") var trainSize = 5000
    @Option(parsing: .unconditional, help: "Validation samples.") var validationSize = 5000
    @Option(parsing: .unconditional, help: "Test samples.") var testSize = 10_000
    @Option(parsing: .unconditional, help: "Upper iterations between evaluations on the test samples.")
    var evaluateEvery = 50
    @Option(parsing: .unconditional, help: "Steps that t-rhg differentiates.") var truncationLength = 25
    @Option(parsing: .unconditional, help: "Iterations of ls, fixed-point and gmres; terms of ns.")
    var adjointIterations = 20
    @Option(
        help:
            "Where the network starts in methods that do not learn it: fixed (the same every time) or warm (the last y_K)."
    ) var initialization = "fixed"
    @Option(parsing: .unconditional, help: "Seed of split, noise and initial weights.") var seed: UInt64 = 0
    @Option(parsing: .unconditional, help: "Threads; results do not depend on them.") var threads = ProcessInfo
        .processInfo.activeProcessorCount
    @Option(help: "Folder for the results, new or empty. (default: runs/hyper-cleaning-<date>)") var output: String?
    @Flag(help: "Go on with the run in --output, from its last checkpoint, to the same bits.") var resume = false
    @Flag(help: "Print the compiled programs and the time of each instruction at the end.") var profile = false
    @Option(
        parsing: .upToNextOption,
        help:
            "What the authors' code does differently: any-class (corrupted labels drawn from all classes), accuracy-at-z, z-rate (z moves at the lower rate), nesterov (momentum below, whose velocities leak from z's into every lower loop)."
    )
    var referenceQuirks: [HyperCleaningConfiguration.ReferenceQuirk] = []

    func validate() throws {
        for (name, value) in [
            ("outer-iterations", outerIterations), ("inner-iterations", innerIterations),
            ("evaluate-every", evaluateEvery),
            ("truncation-length", truncationLength), ("adjoint-iterations", adjointIterations), ("threads", threads),
        ] where value < 1 {
            throw ValidationError("--\(name): at least 1 expected, got \(value)")
        }
        for (name, value) in [
            ("lower-rate", lowerRate), ("upper-rate", upperRate), ("initialization-rate", initializationRate),
        ]
        where !(value > 0 && value.isFinite) {
            throw ValidationError("--\(name): a positive number expected, got \(value)")
        }
        guard ["fixed", "warm"].contains(initialization) else {
            throw ValidationError("--initialization: fixed or warm expected, got \(initialization)")
        }
        _ = try methods
        if resume, output == nil { throw ValidationError("--resume: --output with the folder of the run expected") }
    }

    private var methods: [MethodName] {
        get throws {
            let valid = HyperCleaningConfiguration.methods, names = valid.map(\.rawValue)
            if method.contains("all") { return valid }
            return try method.map { name in
                guard let found = valid.first(where: { $0.rawValue == name }) else {
                    throw ValidationError(
                        "--method: all or one of \(names.joined(separator: ", ")) expected, got '\(name)'; nearest valid choice: \(nearestName(to: name, in: names))"
                    )
                }
                return found
            }
        }
    }

    func run() throws {
        do {
            let settings = try self.settings, methods = try self.methods,
                folder = output ?? CommandLine.defaultOutput("hyper-cleaning")
            if methods.count * network.count > 1 {
                try compare(methods, settings, folder)
            } else {
                try clean(settings, folder)
            }
            print("\(folder)/report.html")
        } catch let error where !(error is ExitCode) {
            CommandLine.complain("hyper-cleaning", error)
            throw ExitCode(2)
        }
    }

    private var settings: HyperCleaningConfiguration {
        get throws {
            var settings = HyperCleaningConfiguration()
            settings.dataset = dataset
            settings.dataDirectory = dataDirectory
            settings.network = network[0]
            settings.method = try methods[0]
            settings.outerIterations = outerIterations
            settings.innerIterations = innerIterations
            settings.lowerRate = lowerRate
            settings.upperRate = upperRate
            settings.initializationRate = initializationRate
            settings.corruption = corruption
            settings.heldOut = heldOut
            settings.trainSize = trainSize
            settings.validationSize = validationSize
            settings.testSize = testSize
            settings.evaluateEvery = evaluateEvery
            settings.truncationLength = truncationLength
            settings.adjointIterations = adjointIterations
            settings.isWarmStarted = initialization == "warm"
            settings.seed = seed
            settings.threads = threads
            settings.quirks = referenceQuirks
            return settings
        }
    }

    private func clean(_ settings: HyperCleaningConfiguration, _ folder: String) throws {
        let run = try HyperCleaningRun(settings), stop = StopSignal()
        let report =
            resume
            ? try HyperCleaningReport(resuming: run, output: folder) : try HyperCleaningReport(run, output: folder)
        var progress = Progress(label: "hyper-cleaning", total: outerIterations, doneBefore: run.iteration),
            accuracy = Double.nan
        let end = Result {
            try report.complete(wasStopped: { stop.isWished }) { row in
                accuracy = row.accuracy ?? accuracy
                progress.update(run.iteration, words(row, accuracy))
            }
        }
        progress.finish()
        try end.get()
        if profile { print(run.profile) }
    }

    private func compare(_ methods: [MethodName], _ settings: HyperCleaningConfiguration, _ folder: String) throws {
        let
            comparison = HyperCleaningComparison(
                settings, networks: network, methods: methods, output: folder, isResumed: resume), stop = StopSignal()
        var progress = Progress(label: "hyper-cleaning", total: comparison.count * outerIterations),
            accuracy = Double.nan
        try comparison.run(wasStopped: { stop.isWished }) { name, done, row in
            accuracy = row.accuracy ?? (row.report.iteration == 1 ? .nan : accuracy)
            progress.update(done, "\(name)  \(words(row, accuracy))")
        }
        progress.finish()
        print(comparison.table.text)
    }

    private func words(_ row: HyperCleaningRun.Row, _ accuracy: Double) -> String {
        String(format: "F1 %.3f  accuracy %.3f  k̄ %d", row.metrics.f1, accuracy, row.report.truncation)
    }
}

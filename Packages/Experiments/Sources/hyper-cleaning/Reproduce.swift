import ArgumentParser
import BilevelOptimization
import Datasets
import Foundation
import HyperCleaningSupport
import MethodCatalogue
import Reporting
import RunSupport

private typealias Settings = HyperCleaningSettings

extension HyperCleaningNetwork: ExpressibleByArgument {}
extension HyperCleaningConfiguration.ReferenceQuirk: ExpressibleByArgument {}

/// `hyper-cleaning reproduce`: the paper's experiment.
struct Reproduce: RunCommand {
    static let label = "hyper-cleaning"
    static let configuration = CommandConfiguration(
        commandName: "reproduce",
        abstract: "The paper's experiment: finds mislabelled training samples by learning a weight for each, so that a "
            + "network trained with these weights does well on clean data.",
        discussion: """
            Writes a folder with report.html, summary.json, metrics.csv, weights.csv, last.safetensors and \
            configuration.json. Several methods or networks: a folder for each, and a report that compares them.
            """)

    @Option(Settings.dataset) var dataset
    @Option(Settings.dataDirectory) var dataDirectory
    @Option(help: "784-10, 784-300-10 without activation, or 784-300-10 with ReLU; repeatable.")
    var network = [HyperCleaningNetwork.deepLinear]
    @Option(
        help: ArgumentHelp(
            "A bilevel method, repeatable, or all: "
                + "\(HyperCleaningConfiguration.methods.map(\.rawValue).joined(separator: ", "))."))
    var method = ["iaptt-gm"]
    @Option(Settings.outerIterations) var outerIterations
    @Option(Settings.innerIterations) var innerIterations
    @Option(Settings.lowerRate) var lowerRate
    @Option(Settings.upperRate) var upperRate
    @Option(Settings.initializationRate) var initializationRate
    @Option(Settings.corruption) var corruption
    @Option(Settings.heldOut) var heldOut
    @Option(Settings.trainSize) var trainSize
    @Option(Settings.validationSize) var validationSize
    @Option(Settings.testSize) var testSize
    @Option(Settings.evaluateEvery) var evaluateEvery
    @Option(Settings.truncationLength) var truncationLength
    @Option(Settings.adjointIterations) var adjointIterations
    @Option(Settings.initialization) var initialization
    @Option(Settings.seed) var seed
    @Option(Settings.threads) var threads
    @Option(Settings.memoryBudget) var memoryBudget
    @Flag(
        help: """
            ls, ns, fixed-point and gmres: go on where the linear system of the hypergradient has no solution, or its \
            iteration diverges, instead of ending the run.
            """)
    var acceptFailedAdjoint = false
    @Option(help: "Folder for the results, new or empty. (default: runs/hyper-cleaning-<date>)") var output: String?
    @Flag(help: "Go on with the run in --output, from its last checkpoint, to the same bits.") var resume = false
    @Flag(help: "Print the compiled programs and the time of each instruction at the end.") var profile = false
    @Option(
        parsing: .upToNextOption,
        help: """
            What the authors' code does differently: any-class (corrupted labels drawn from all classes), \
            accuracy-at-z, z-rate (z moves at the lower rate), nesterov (momentum below, whose velocities leak from \
            z's into every lower loop).
            """)
    var referenceQuirks: [HyperCleaningConfiguration.ReferenceQuirk] = []

    func validate() throws {
        _ = try methods
        if settings.dataDirectory.isEmpty {
            throw ValidationError("--data-directory: the folder of the data expected")
        }
        if resume, output == nil { throw ValidationError("--resume: --output with the folder of the run expected") }
    }

    private var methods: [MethodName] {
        get throws {
            let valid = HyperCleaningConfiguration.methods, names = valid.map(\.rawValue)
            if method.contains("all") { return valid }
            return try unique(method).map { name in
                guard let found = valid.first(where: { $0.rawValue == name }) else {
                    throw ValidationError(
                        "--method: all or one of \(names.joined(separator: ", ")) expected, got '\(name)'; "
                            + "nearest valid choice: \(nearestName(to: name, in: names))")
                }
                return found
            }
        }
    }

    private var networks: [HyperCleaningNetwork] { unique(network) }

    /// What is named twice runs once.
    private func unique<Name: Hashable>(_ names: [Name]) -> [Name] {
        names.enumerated().filter { names.firstIndex(of: $0.element) == $0.offset }.map(\.element)
    }

    private var settings: HyperCleaningConfiguration {
        var settings = HyperCleaningConfiguration()
        settings.threads = ProcessInfo.processInfo.activeProcessorCount
        for given in [
            dataset, dataDirectory, outerIterations, innerIterations, lowerRate, upperRate, initializationRate,
            corruption, heldOut, trainSize, validationSize, testSize, evaluateEvery, truncationLength,
            adjointIterations, initialization, seed, threads, memoryBudget,
        ] { given?.apply(to: &settings) }
        settings.network = networks[0]
        settings.acceptsFailedAdjoint = acceptFailedAdjoint
        settings.quirks = referenceQuirks
        return settings
    }

    func execute() throws {
        var settings = settings
        let methods = try self.methods, folder = output ?? defaultOutput(Self.label)
        settings.method = methods[0]
        do {
            if methods.count * networks.count > 1 {
                try compare(methods, settings, folder)
            } else {
                try clean(settings, folder)
            }
        } catch let error as DatasetError {
            switch error {
            case .missing, .unreadable: throw LayoutError(error, layout: settings.dataset.layout)
            default: throw error
            }
        }
        print("\(folder)/report.html")
    }

    private func clean(_ settings: HyperCleaningConfiguration, _ folder: String) throws {
        let run = try HyperCleaningRun(settings), stop = StopSignal(Self.label)
        let driver = try RunDriver(run, output: folder, resumes: resume)
        // An error is one line: what was not read is said once nothing can be wrong any more.
        for remark in run.images.remarks { StandardError.write("\(remark)\n") }
        var progress = ProgressBar(
            label: Self.label, total: settings.outerIterations, doneBefore: driver.startIteration)
        defer { progress.finish() }
        try driver.complete(isStopped: { stop.isWished }) { progress.update($0, $1) }
        if profile { print(run.profile) }
    }

    private func compare(_ methods: [MethodName], _ settings: HyperCleaningConfiguration, _ folder: String) throws {
        let stop = StopSignal(Self.label)
        let comparison = HyperCleaningComparison(
            settings, networks: networks, methods: methods, output: folder, resumes: resume)
        var progress = ProgressBar(label: Self.label, total: comparison.count * settings.outerIterations)
        defer { progress.finish() }
        try comparison.run(isStopped: { stop.isWished }) { progress.update($0, $1) }
        print(comparison.table.text)
    }
}

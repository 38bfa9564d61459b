import ArgumentParser
import Datasets
import Foundation
import LabelCleaningSupport
import Reporting
import RunSupport

private typealias Settings = CleaningSettings

extension LabelNoiseKind: @retroactive ExpressibleByArgument {}

/// `hyper-cleaning clean`: labels of one's own data.
struct Clean: RunCommand {
    static let label = "hyper-cleaning clean"
    static let configuration = CommandConfiguration(
        commandName: "clean", abstract: "Finds the wrong labels of your data.",
        discussion: """
            DATA is a folder of class folders with PNG or JPEG files, a CSV of file names and labels (file,label) \
            beside pictures, a folder of IDX files or CIFAR batches (the training files are cleaned), or features that \
            another model computed (.npy, .safetensors) with --labels.

            Writes a folder with suspects.csv (every sample, most suspicious first), labels-corrected.csv, \
            report.html, summary.json, metrics.csv, last.safetensors and configuration.json.
            """)

    @Argument(help: "The data.") var data: String
    @Option(help: "Labels: a CSV, .npy or text file, where they are not part of the data.") var labels: String?
    @Option(
        help: """
            Samples whose labels are right: a CSV name,label of samples of DATA (rows from 0 for IDX, CIFAR and \
            features), a list of names, or a folder of class folders with other pictures.
            """)
    var trusted: String?
    @Option(help: "Samples to measure accuracy on: data of the same form; of IDX and CIFAR its folder.")
    var test: String?
    @Option(help: "Side to which pictures of files are resized. (default: their own up to 64, else 32)") var side: Int?
    @Flag(help: "Drop the pictures' colours.") var grey = false
    @Flag(help: "labels-corrected.csv has the suggested labels of flagged samples. (this is so anyway)")
    var correct = false
    @Flag(help: "labels-corrected.csv leaves flagged samples out.") var drop = false
    @Option(help: "New folder for copies of the pictures in class folders by their corrected labels.")
    var correctedFolder: String?
    @Option(help: "Plant errors in the labels first, to see how well they are found: uniform, pair or confusable.")
    var plant: LabelNoiseKind?
    @Option(help: "Share of the labels that become wrong.") var plantRate = 0.2
    @Option(Settings.input) var input
    @Option(Settings.network) var network
    @Option(Settings.hidden) var hidden
    @Option(Settings.upperVariable) var upperVariable
    @Option(Settings.hypergradient) var hypergradient
    @Option(Settings.lastSteps) var lastSteps
    @Option(Settings.members) var members
    @Option(Settings.epochs) var epochs
    @Option(Settings.optimizer) var optimizer
    @Option(Settings.rate) var rate
    @Option(Settings.momentum) var momentum
    @Option(Settings.weightDecay) var weightDecay
    @Option(Settings.dropout) var dropout
    @Option(Settings.upperRate) var upperRate
    @Option(Settings.trustedWeight) var trustedWeight
    @Option(Settings.seed) var seed
    @Option(Settings.threads) var threads
    @Option(help: "Where decoded pictures are kept, so that they need not fit in memory.") var cache: String?
    @Option(help: "Folder for the results, new or empty. (default: runs/hyper-cleaning-clean-<date>)")
    var output: String?
    @Flag(help: "Go on with the run in --output, from its last checkpoint, to the same bits.") var resume = false

    func validate() throws {
        if correct, drop { throw ValidationError("--correct or --drop expected, not both") }
        if !(0..<1 ~= plantRate) { throw ValidationError("--plant-rate: a share of at least 0 and below 1 expected") }
        if let side, !(1...1024 ~= side) { throw ValidationError("--side: 1 to 1024 pixels expected, got \(side)") }
        if settings.network == .convolution, settings.input != .pixels {
            throw ValidationError("--network convolution: --input pixels expected, got \(settings.input.rawValue)")
        }
        for (option, given) in [("hypergradient", hypergradient != nil), ("upper-rate", upperRate != nil)]
        where given && !settings.upperVariable.takesHypergradients {
            throw ValidationError(
                "--\(option): --upper-variable weights, weight-function or labels expected, got "
                    + settings.upperVariable.rawValue)
        }
        if lastSteps != nil, settings.hypergradient != .lastSteps {
            throw ValidationError(
                "--last-steps: --hypergradient last-steps expected, got \(settings.hypergradient.rawValue)")
        }
        if momentum != nil, settings.optimizer != .sgd {
            throw ValidationError("--momentum: --optimizer sgd expected, got \(settings.optimizer.rawValue)")
        }
        if resume, output == nil { throw ValidationError("--resume: --output with the folder of the run expected") }
    }

    private var settings: CleaningConfiguration {
        var settings = CleaningConfiguration()
        settings.threads = ProcessInfo.processInfo.activeProcessorCount
        for given in [
            input, network, hidden, upperVariable, hypergradient, lastSteps, members, epochs, optimizer, rate, momentum,
            weightDecay,
            dropout, upperRate, trustedWeight, seed, threads,
        ] { given?.apply(to: &settings) }
        if settings.network == .convolution {
            if input == nil { settings.input = .pixels }
            if epochs == nil { settings.epochs = 10 }
        }
        return settings
    }

    func execute() throws {
        let settings = settings, folder = output ?? defaultOutput("hyper-cleaning-clean")
        let source = try CleaningSource(
            path: data, labelsPath: labels, side: side, isGrey: grey, cacheDirectory: cache)
        if let correctedFolder { try source.checkCorrectedFolder(correctedFolder) }
        let trustedLabels = try trusted.map { path throws(DatasetError) in try source.trusted(path) }
        let testSamples = try test.map { path throws(DatasetError) in try source.test(path) }
        var samples = source.samples, isWrong: [Bool]?
        for remark in samples.remarks { StandardError.write("\(remark)\n") }
        if let plant {
            let noise = try PlantedErrors(plant, rate: plantRate, in: samples, but: trustedLabels, settings)
            (samples, isWrong) = (noise.samples, noise.isWrong)
        }
        let run = try CleaningRun(
            settings,
            CleaningData(
                samples: samples, trusted: trustedLabels, test: testSamples, input: settings.input),
            output: CleaningOutput(
                data: data, correction: drop ? .drop : .replace, isWrong: isWrong,
                correctedLabels: { [samples] in source.correctedLabels(withPlanted(samples, source, $0)) }))
        let stop = StopSignal(Self.label), driver = try RunDriver(run, output: folder, resumes: resume)
        var progress = ProgressBar(label: Self.label, total: run.totalIterations, doneBefore: driver.startIteration)
        defer { progress.finish() }
        let outcome = try driver.complete(isStopped: { stop.isWished }) { progress.update($0, $1) }
        progress.finish()
        if let correctedFolder, let corrections = outcome.corrections {
            try source.writeCorrectedFolder(correctedFolder, withPlanted(samples, source, corrections))
        }
        print(outcome.sentence)
        if let accuracy = outcome.testAccuracy { print(String(format: "accuracy on %@: %.4f", test ?? "", accuracy)) }
        if let correctedFolder, outcome.corrections != nil { print(correctedFolder) }
        print("\(folder)/report.html")
    }

    /// The planted errors that stay are part of the labels.
    private func withPlanted(
        _ samples: LabeledSamples, _ source: CleaningSource, _ corrections: [Int: Int32?]
    ) -> [Int: Int32?] {
        var all = corrections
        for (i, label) in samples.labels.enumerated() where label != source.samples.labels[i] && all[i] == nil {
            all[i] = .some(label)
        }
        return all
    }
}

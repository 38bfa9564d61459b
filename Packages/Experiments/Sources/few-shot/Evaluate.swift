import ArgumentParser
import Datasets
import FewShotSupport
import Foundation
import Reporting
import RunSupport
import Tensors

private typealias Settings = FewShotSettings

/// `few-shot evaluate`: a checkpoint's selected variables on test episodes, or two checkpoints on the same ones.
struct Evaluate: RunCommand {
    static let configuration = CommandConfiguration(
        abstract: "Accuracy with its 95 % interval over test episodes; with --against, a paired comparison of two "
            + "checkpoints on the same episodes.")

    @Option(help: "last.safetensors of a run.") var checkpoint: String
    @Option(help: "Another checkpoint of as many ways, shots and queries, unless these are given.") var against: String?
    @Option(Settings.dataset.standing(for: "the checkpoint's")) var dataset
    @Option(Settings.data) var data
    @Option(Settings.splitFile) var splitFile
    @Option(Settings.ways.standing(for: "the checkpoint's; others for heads that are solved exactly")) var ways
    @Option(Settings.shots.standing(for: "the checkpoint's")) var shots
    @Option(Settings.queries.standing(for: "the checkpoint's")) var queries
    @Option(Settings.innerIterations.standing(for: "as in training")) var innerIterations
    @Option(Settings.normalization.standing(for: "the checkpoint's")) var normalization
    @Option(help: "Folder for decoded images.") var cache: String?
    @Option(parsing: .unconditional, help: "Test episodes.") var episodes = 1000
    @Option(Settings.seed) var seed
    @Option(Settings.threads) var threads
    @Option(Settings.memoryBudget) var memoryBudget
    @Option(help: "New file for the accuracy of each episode, as CSV.") var output: String?

    func validate() throws {
        let limit = SettingRule<Int>.largestCount
        if !(2...limit ~= episodes) {
            throw ValidationError("--episodes: a whole number from 2 to \(limit) expected, got \(episodes)")
        }
        if dataset != nil { try checkData(asked(FewShotConfiguration())) }
    }

    /// A checkpoint's settings with what was asked for.
    private func asked(_ settings: FewShotConfiguration) -> FewShotConfiguration {
        var settings = settings
        settings.threads = ProcessInfo.processInfo.activeProcessorCount
        // Training episodes stay what they were.
        if settings.method.solution != .descent {
            settings.trainWays = settings.trainWays ?? settings.ways
            settings.trainQueries = settings.trainQueries ?? settings.queries
        }
        for given in [
            dataset, data, splitFile, ways, shots, queries, innerIterations, normalization, seed, threads, memoryBudget,
        ] {
            given?.apply(to: &settings)
        }
        settings.metaBatch = settings.threads
        return settings
    }

    func execute() throws {
        if let output { try RunFolder.checkNew(output) }
        let stop = StopSignal(Self.label)
        let (settings, own) = try read(checkpoint), other = try against.map(read)
        try checkData(settings)
        if let against, let other,
            (other.0.ways, other.0.shots, other.0.queries) != (settings.ways, settings.shots, settings.queries)
        {
            throw CheckpointError(
                expected: "the same ways, shots and queries as \(checkpoint)", got: "others", file: against)
        }
        let images = try load(
            settings, preparation: try own.preparation(of: settings.dataset, file: checkpoint), cache: cache,
            splitSeed: own.notes["seed"].flatMap { UInt64($0) })

        func test(_ settings: FewShotConfiguration, _ checkpoint: Checkpoint, _ path: String) throws -> [Double] {
            let run = try FewShotRun(settings, data: images)
            try run.restoreSelected(checkpoint, file: path)
            if path == self.checkpoint {
                say(run.remarks)
                if settings.dataset == .folder, checkpoint.notes["splitHash"] != images.splitHash {
                    say([
                        "\(settings.dataPath): other classes than in training, or divided otherwise: some that are "
                            + "tested may have been learned"
                    ])
                }
            }
            let result = try run.test(count: episodes) { stop.isWished }, samples = Samples(result.accuracies)
            guard result.accuracies.count > 1 else { return [] }
            print(
                "\(path): "
                    + String(format: "%.2f ± %.2f %%", 100 * samples.mean, 100 * samples.confidence95)
                    + " (\(settings.ways)-way \(settings.shots)-shot, \(result.accuracies.count) episodes "
                    + "\(result.episodesHash.prefix(12)); "
                    + "batch normalization: \(settings.normalization.explanation))")
            return result.accuracies
        }
        var columns = [("accuracy", try test(settings, own, checkpoint))]
        if let against, let other {
            columns.append(("accuracyAgainst", try test(other.0, other.1, against)))
        }
        let count = columns.map(\.1.count).min() ?? 0
        if columns.count == 2, count > 1 {
            let comparison = PairedComparison(
                Array(columns[0].1.prefix(count)), Array(columns[1].1.prefix(count)), seed: settings.seed)
            print(
                String(
                    format: "difference: %+.2f points, 95 %% bootstrap interval %+.2f … %+.2f",
                    100 * comparison.meanDifference, 100 * comparison.interval.lowerBound,
                    100 * comparison.interval.upperBound))
        }
        if stop.isWished { print("stopped: \(count) of \(episodes) episodes") }
        if let output {
            let lines = (0..<count).map { i in ["\(i)"] + columns.map { numberText($0.1[i]) } }
            try RunFolder.writeNew(CSV.text([["episode"] + columns.map(\.0)] + lines), to: output)
        }
    }

    private func read(_ path: String) throws -> (FewShotConfiguration, Checkpoint) {
        let checkpoint = try Checkpoint(path: path)
        let trained = try FewShotConfiguration(checkpoint: checkpoint, file: path), settings = asked(trained)
        guard settings.ways == trained.ways || settings.method.solution != .descent else {
            throw CheckpointError(
                expected: "\(settings.ways) ways, as its start has been learned for its own", got: "\(trained.ways)",
                file: path)
        }
        return (settings, checkpoint)
    }
}

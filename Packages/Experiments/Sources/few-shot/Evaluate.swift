import ArgumentParser
import Datasets
import ExperimentSupport
import Foundation
import NeuralLayers
import Reporting

/// `few-shot evaluate`: a checkpoint's selected variables on test episodes, or two checkpoints on the same ones.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Accuracy with its 95 % interval over test episodes; with --against, a paired comparison of two checkpoints on the same episodes."
    )

    @Option(help: "last.safetensors of a run.") var checkpoint: String
    @Option(help: "Another checkpoint of as many ways, shots and queries.") var against: String?
    @Option(help: "Which data set. (default: the checkpoint's)") var dataset: FewShotDataset?
    @Option(help: "Folder or zip archive of the data.") var data = ""
    @Option(help: "Folder with the split files, where the data do not hold them.") var splitFile: String?
    @Option(help: "Folder for decoded images.") var cache: String?
    @Option(parsing: .unconditional, help: "Test episodes.") var episodes = 1000
    @Option(parsing: .unconditional, help: "Seed of the episodes (and of the glyphs).") var seed: UInt64 = 0
    @Option(parsing: .unconditional, help: "Threads; results do not depend on them.") var threads = ProcessInfo
        .processInfo.activeProcessorCount
    @Option(help: "File for the accuracy of each episode, as CSV.") var output: String?

    func validate() throws {
        if episodes < 2 { throw ValidationError("--episodes: at least 2 expected, got \(episodes)") }
        if threads < 1 { throw ValidationError("--threads: at least 1 expected, got \(threads)") }
        if let dataset { try checkData(dataset, at: data) }
    }

    func run() throws { try reportingErrors(evaluate) }

    private func evaluate() throws {
        let own = try Checkpoint(path: checkpoint),
            dataset = try self.dataset ?? FewShotConfiguration(checkpoint: own, file: checkpoint).dataset
        try checkData(dataset, at: data)
        let images = try FewShotData.load(
            dataset, path: data, splitDirectory: splitFile, cache: ImageCache(directory: cache), seed: seed)
        func test(_ checkpoint: Checkpoint, _ path: String) throws -> (accuracies: [Double], episodesHash: String) {
            var settings = try FewShotConfiguration(checkpoint: checkpoint, file: path)
            settings.dataset = dataset
            settings.seed = seed
            settings.threads = threads
            settings.metaBatch = max(threads, 1)
            let run = try FewShotRun(settings, data: images)
            try run.restoreSelected(checkpoint, file: path)
            let result = run.test(count: episodes), samples = Samples(result.accuracies)
            print(
                String(
                    format: "%@: %.2f ± %.2f %% (%d-way %d-shot, %d episodes %@; batch normalization: %@)", path,
                    100 * samples.mean, 100 * samples.confidence95,
                    settings.ways, settings.shots, episodes, String(result.episodesHash.prefix(12)),
                    FewShotRun.batchNormalization))
            return result
        }
        let first = try test(own, checkpoint)
        var columns = [first.accuracies]
        if let against {
            let second = try test(try Checkpoint(path: against), against)
            guard first.episodesHash == second.episodesHash else {
                throw CheckpointError(
                    expected: "the same ways, shots and queries as \(checkpoint)", got: "others", file: against)
            }
            columns.append(second.accuracies)
            let comparison = PairedComparison(first.accuracies, second.accuracies, seed: seed)
            print(
                String(
                    format: "difference: %+.2f points, 95 %% bootstrap interval %+.2f … %+.2f",
                    100 * comparison.meanDifference,
                    100 * comparison.interval.lowerBound, 100 * comparison.interval.upperBound))
        }
        if let output {
            let rows = first.accuracies.indices.map { i in
                "\(i)," + columns.map { numberText($0[i]) }.joined(separator: ",")
            }
            let text =
                (["episode,accuracy" + (columns.count > 1 ? ",accuracyAgainst" : "")] + rows).joined(separator: "\n")
                + "\n"
            do { try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic) } catch {
                throw ReportingError("\(output): a file that can be written expected")
            }
        }
    }
}

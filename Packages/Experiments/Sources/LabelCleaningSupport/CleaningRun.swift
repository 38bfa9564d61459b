import BilevelOptimization
import Datasets
import Foundation
import Reporting
import RunSupport
import Tensors

/// A run of label cleaning: an epoch of one network is a step.
package final class CleaningRun: ExperimentRun {
    package static let columns = ["epoch", "member", "loss", "contradicted", "noiseByTransition", "seconds"]
    package let events = MetricsFile.Events.step(column: "epoch")

    package let configuration: CleaningConfiguration
    package let data: CleaningData
    private let training: CleaningTraining
    private let output: CleaningOutput
    private var rows: [MetricsRow] = []

    /// Checks everything; writes nothing.
    package init(_ configuration: CleaningConfiguration, _ data: CleaningData, output: CleaningOutput) throws {
        guard data.given.count >= 20 else {
            throw CleaningError.tooFew(what: "samples whose labels may be wrong", least: 20, got: data.given.count)
        }
        guard data.trusted.isEmpty || data.trusted.count >= 20 else {
            throw CleaningError.tooFew(what: "trusted samples, or none", least: 20, got: data.trusted.count)
        }
        guard configuration.network != .convolution || data.picture != nil else { throw CleaningError.noPixels }
        self.configuration = configuration
        self.data = data
        self.output = output
        training = CleaningTraining(data, configuration)
    }

    package var settings: RunSettings {
        RunSettings(CleaningSettings.all, of: configuration)
            .adding("data", .string(output.data), decidesBits: false)
            .adding("dataHash", .string(data.hash))
    }

    // MARK: Steps

    package var iteration: Int { training.epoch }
    package var totalIterations: Int { training.totalEpochs }
    package var rowCount: Int { rows.count }

    package func step() throws -> MetricsRow? {
        let clock = ContinuousClock(), start = clock.now
        let loss = try training.runEpoch(), labels = data.givenLabels, mean = training.running.mean
        let contradicted = labels.indices.count { mean.likeliest(of: $0) != Int(labels[$0]) }
        let diagonal = (0..<data.classCount).reduce(0) { $0 + training.transition[class: $1, label: $1] }
        let row: MetricsRow = [
            "epoch": Double(training.epoch), "member": Double(training.memberNumber), "loss": loss,
            "contradicted": Double(contradicted) / Double(labels.count),
            "noiseByTransition": 1 - diagonal / Double(data.classCount), "seconds": (clock.now - start) / .seconds(1),
        ]
        rows.append(row)
        return row
    }

    package var hasReachedMilestone: Bool { training.epoch % 5 == 0 }

    package var progressText: String {
        guard let row = rows.last else { return "" }
        return String(format: "loss %.3f  contradicted %.1f %%", row.number("loss"), row.number("contradicted") * 100)
    }

    // MARK: Checkpoints and results

    package var checkpoint: Checkpoint { training.checkpoint }

    package func restore(_ checkpoint: Checkpoint, iteration: Int, rows: [MetricsRow], file: String) throws {
        if iteration > 0 { try training.restore(checkpoint, epoch: iteration, file: file) }
        self.rows = rows
    }

    package func outcome(stoppedBecause: String?, isStopped: () -> Bool) -> CleaningOutcome {
        let verdicts =
            training.running.terms.termCount == 0
            ? nil
            : Verdicts(
                data, probabilities: training.running.mean, transition: training.transition,
                plainMargins: training.plainMargins.mean, leftOut: training.leftOut)
        let test = training.test
        let accuracy =
            test.terms.termCount == 0 || data.test.isEmpty
            ? nil
            : Double(data.test.indices.count { test.mean.likeliest(of: $0) == Int(data.test[$0].label) })
                / Double(data.test.count)
        return CleaningOutcome(
            configuration: configuration, settings: settings, data: data, output: output, rows: rows,
            verdicts: verdicts, testAccuracy: accuracy, peakMemoryBytes: PeakMemory.bytes,
            stoppedBecause: stoppedBecause)
    }
}

/// What the command knows of the data's origin, and what is to be done with flagged labels.
package struct CleaningOutput: Sendable {
    package enum Correction: Sendable { case replace, drop }

    /// Path of the data, for the report.
    package let data: String
    package let correction: Correction
    /// Whether each label is wrong, where errors were planted.
    package let isWrong: [Bool]?
    /// `labels-corrected.csv` for new classes of samples (nil drops one).
    package let correctedLabels: @Sendable ([Int: Int32?]) -> [UInt8]

    package init(
        data: String, correction: Correction, isWrong: [Bool]? = nil,
        correctedLabels: @escaping @Sendable ([Int: Int32?]) -> [UInt8]
    ) {
        (self.data, self.correction, self.isWrong) = (data, correction, isWrong)
        self.correctedLabels = correctedLabels
    }
}

/// Why labels cannot be cleaned, in one line.
package enum CleaningError: Error, Sendable, Hashable, CustomStringConvertible {
    case tooFew(what: String, least: Int, got: Int)
    case noPixels

    package var description: String {
        switch self {
        case .tooFew(let what, let least, let got): "at least \(least) \(what) expected, got \(got)"
        case .noPixels: "pixels of pictures expected by a convolution network, got features"
        }
    }
}

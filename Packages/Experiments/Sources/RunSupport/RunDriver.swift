import BilevelOptimization
import Foundation
import Reporting
import Tensors

/// Takes an `ExperimentRun` from its first step, or from its last checkpoint, to its report; owns its folder.
///
/// Order of files: `configuration.json`, `metrics.csv`, the first checkpoint, all before the first step. A run that is
/// killed before its first checkpoint has learned nothing, and begins again when it is to go on.
package final class RunDriver<Run: ExperimentRun> {
    package let run: Run
    private let folder: RunFolder
    private let metrics: MetricsFile
    /// Where this part of the run began.
    package let startIteration: Int

    /// - Parameter resumes: go on with the run in `output`.
    package init(_ run: Run, output: String, resumes: Bool = false) throws {
        self.run = run
        folder = resumes ? try RunFolder(resuming: output) : try RunFolder(path: output)
        let file = RunDriver.checkpointPath(in: output)
        if folder.isBegun, FileManager.default.fileExists(atPath: file) {
            let checkpoint = try Checkpoint(path: file)
            try run.settings.check(checkpoint, file: file)
            let iteration = try RunDriver.count("iteration", checkpoint, file)
            guard iteration <= run.totalIterations else {
                throw CheckpointError(
                    expected: "at most \(run.totalIterations) iterations", got: "\(iteration)", file: file)
            }
            // Before rows were counted apart, each iteration gave one.
            let rows = checkpoint.notes["rows"] == nil ? iteration : try RunDriver.count("rows", checkpoint, file)
            metrics = try MetricsFile(resuming: folder, columns: Run.columns, count: rows, events: run.events)
            try run.restore(checkpoint, iteration: iteration, rows: metrics.earlierRows, file: file)
            try folder.writeJSON(run.settings.json, to: "configuration.json")
        } else {
            try folder.writeJSON(run.settings.json, to: "configuration.json")
            metrics = try MetricsFile(in: folder, columns: Run.columns, events: run.events)
        }
        startIteration = run.iteration
        if resumes, !folder.isBegun { StandardError.write("\(output): no run to go on with: it begins\n") }
        if startIteration == 0 { try writeCheckpoint() }
    }

    package static func checkpointPath(in output: String) -> String { "\(output)/last.safetensors" }

    private static func count(_ name: String, _ checkpoint: Checkpoint, _ file: String) throws(CheckpointError) -> Int {
        guard let count = checkpoint.notes[name].flatMap({ Int($0) }), count >= 0 else {
            throw CheckpointError(
                expected: "a run with its number of \(name)", got: checkpoint.notes[name] ?? "none", file: file)
        }
        return count
    }

    package func step() throws {
        if let row = try run.step() { try metrics.append(row) }
        if run.hasReachedMilestone { try writeCheckpoint() }
    }

    private func writeCheckpoint() throws {
        var checkpoint = run.checkpoint
        checkpoint.notes.merge(run.settings.deciding) { _, new in new }
        checkpoint.notes["iteration"] = String(run.iteration)
        checkpoint.notes["rows"] = String(run.rowCount)
        try checkpoint.write(to: RunDriver.checkpointPath(in: folder.path))
    }

    /// Runs to the end, or until it is told to stop, and reports. A run that fails is reported with what it had
    /// learned, then its error is thrown.
    /// - Parameter progress: told the iteration and a line after each step.
    @discardableResult
    package func complete(
        isStopped: () -> Bool = { false }, progress: (Int, String) -> Void = { _, _ in }
    ) throws -> Run.Outcome {
        var failure: SolverError?
        do {
            while run.iteration < run.totalIterations, !isStopped() {
                try step()
                progress(run.iteration, run.progressText)
            }
        } catch let error as SolverError { failure = error }
        if failure == nil { try writeCheckpoint() }
        let isShort = run.iteration < run.totalIterations
        let outcome: Run.Outcome
        do {
            outcome = try run.outcome(
                stoppedBecause: failure?.description
                    ?? (isShort ? "a signal, after \(run.iteration) of \(run.totalIterations) iterations" : nil),
                isStopped: isStopped)
        } catch { throw failure ?? error }  // What ended the run comes first.
        try folder.writeJSON(outcome.summary, to: "summary.json")
        for file in outcome.files { try folder.write(file.content, to: file.name) }
        try folder.write(outcome.page.html, to: "report.html")
        if let failure { throw failure }
        return outcome
    }
}

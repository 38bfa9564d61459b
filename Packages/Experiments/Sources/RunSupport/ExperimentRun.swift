import Reporting
import Tensors

/// An experiment as something that goes on step by step: what is particular to it. Files, resuming, signals and
/// checkpoints are `RunDriver`'s.
package protocol ExperimentRun: AnyObject {
    associatedtype Outcome: RunOutcome

    /// Of `metrics.csv`, in order; every row has them.
    static var columns: [String] { get }
    var events: MetricsFile.Events { get }

    var settings: RunSettings { get }
    /// Steps that are done, and of how many.
    var iteration: Int { get }
    var totalIterations: Int { get }
    /// Rows that the steps have given.
    var rowCount: Int { get }

    /// One step; a row of what happened, or nil where it gave none. A `SolverError` ends the run: what was learned
    /// before it is reported.
    func step() throws -> MetricsRow?
    /// Whether the last step is worth a checkpoint.
    var hasReachedMilestone: Bool { get }
    /// What a person who waits wants to see.
    var progressText: String { get }

    /// All that the run needs to go on to the same bits; settings, iteration and rows are added to its notes.
    var checkpoint: Checkpoint { get }
    /// Goes on from a checkpoint of the same settings, at its iteration, with the rows up to it.
    func restore(_ checkpoint: Checkpoint, iteration: Int, rows: [MetricsRow], file: String) throws

    /// Final tests and figures, of what there is.
    /// - Parameters:
    ///   - stoppedBecause: why it ended early, if it did.
    ///   - isStopped: asked between parts that take long.
    func outcome(stoppedBecause: String?, isStopped: () -> Bool) throws -> Outcome
}

/// The results of a run as values, and how they are shown; nothing is computed from the run any more.
package protocol RunOutcome {
    var summary: JSONValue { get }
    /// Files beside `summary.json` and `report.html`.
    var files: [(name: String, content: [UInt8])] { get }
    var page: HTMLReport { get }
}

import BilevelOptimization
import MethodCatalogue
import Reporting
import RunSupport
import Tensors

/// Several methods from several starts on one numerical example, one run after the other in one table.
package final class NumericalExperiment: ExperimentRun {
    package static var columns: [String] { NumericalRow.columns }
    package var events: MetricsFile.Events {
        .runs(step: "iteration", column: "run", names: runs.map(\.name))
    }

    package let runs: [NumericalRun]
    /// Methods that were asked for by `all` and are not meant for the problem, with the reason.
    package let leftOut: [(method: MethodName, reason: String)]
    private let configuration: NumericalConfiguration
    /// Runs beside the ones asked for: the paper's other figures.
    private let companions: NumericalCompanions?
    private let iterationsBetweenCheckpoints: Int
    /// The run that goes on.
    private var current = 0

    /// Builds every solver, so that a setting that makes no sense is found before anything is written.
    /// - Parameters:
    ///   - skipsUnsuitable: list methods that reject the problem instead of failing.
    ///   - iterationsBetweenCheckpoints: within a run; writing one takes as long as some dozen iterations.
    package init(
        _ configuration: NumericalConfiguration, skipsUnsuitable: Bool, iterationsBetweenCheckpoints: Int = 1000
    ) throws {
        try RunError.checkMemory(
            innerIterations: configuration.settings.innerIterations,
            bytesPerState: configuration.dimension * configuration.problem.lowerTensorCount
                * configuration.precision.elementType.byteCount)
        self.configuration = configuration
        self.iterationsBetweenCheckpoints = iterationsBetweenCheckpoints
        var runs: [NumericalRun] = [], leftOut: [(MethodName, String)] = []
        for method in configuration.methods {
            if skipsUnsuitable, method.isStochastic {
                leftOut.append((method, "needs objectives that are means over samples"))
                continue
            }
            for start in configuration.starts {
                runs.append(try NumericalRun(configuration, method: method, start: start))
            }
        }
        self.runs = runs
        self.leftOut = leftOut
        companions =
            configuration.problem == .nonconvex && configuration.dimension == 1 ? try NumericalCompanions() : nil
    }

    package var settings: RunSettings { RunSettings(NumericalSettings.all, of: configuration) }

    // MARK: Steps

    private var isAtEnd: Bool { current == runs.count }

    /// A run that failed has left its further iterations out.
    package var iteration: Int {
        current * configuration.outerIterations + (isAtEnd ? 0 : runs[current].rows.count)
    }
    package var totalIterations: Int { runs.count * configuration.outerIterations }
    package var rowCount: Int { runs.reduce(0) { $0 + $1.rows.count } }

    package func step() -> MetricsRow? {
        let run = runs[current], number = current, didStep = run.step()
        if !didStep || run.rows.count == configuration.outerIterations {
            run.finish()
            current += 1
        }
        return didStep ? run.rows.last?.cells(run: number) : nil
    }

    /// Between runs, and now and then in one of many iterations.
    package var hasReachedMilestone: Bool {
        isAtEnd || runs[current].rows.count % iterationsBetweenCheckpoints == 0
    }

    package var progressText: String { runs[min(current, runs.count - 1)].name }

    // MARK: Checkpoints

    package var checkpoint: Checkpoint {
        var result = Checkpoint()
        for (number, run) in runs[..<current].enumerated() { run.saveResult(to: &result, as: "run\(number)") }
        if !isAtEnd, !runs[current].rows.isEmpty { runs[current].save(to: &result, as: "run\(current)") }
        return result
    }

    package func restore(_ checkpoint: Checkpoint, iteration: Int, rows: [MetricsRow], file: String) throws {
        current = iteration / configuration.outerIterations
        var parts = [[NumericalRow]](repeating: [], count: runs.count)
        for row in rows {
            guard let number = row.integer("run"), runs.indices.contains(number) else {
                throw CheckpointError(
                    expected: "\(runs.count) runs", got: "a row of run \(row.number("run"))", file: file)
            }
            parts[number].append(NumericalRow(row))
        }
        for (number, run) in runs[..<current].enumerated() {
            try run.restoreResult(checkpoint, from: "run\(number)", rows: parts[number], file: file)
        }
        if !isAtEnd {
            try runs[current].restore(checkpoint, from: "run\(current)", rows: parts[current], file: file)
        }
    }

    // MARK: Results

    package func outcome(stoppedBecause: String?, isStopped: () -> Bool) -> NumericalOutcome {
        if !isAtEnd { runs[current].finish() }
        companions?.run(isStopped: isStopped)
        return NumericalOutcome(
            configuration: configuration, settings: settings, results: runs.map(\.result), leftOut: leftOut,
            companions: companions?.results, stoppedBecause: stoppedBecause)
    }
}

import BilevelOptimization
import MethodCatalogue
import Reporting
import RunSupport
import Tensors

/// One method from one start on one numerical example.
package final class NumericalRun {
    package let method: MethodName
    package let start: (x: Double, y: Double)
    package private(set) var rows: [NumericalRow] = []
    /// Why it ended early, if it did.
    private(set) var failure: String?
    private var peakMemoryBytes = 0
    /// Of a run that had ended in an earlier part: its solver knows nothing of it.
    private var restored: NumericalResult?

    private let solver: any BilevelSolver<Tensor, [Tensor], IterationReport>
    private let solution: (x: [Double], y: [[Double]], value: Double)

    package init(_ configuration: NumericalConfiguration, method: MethodName, start: (x: Double, y: Double))
        throws(SolverError)
    {
        self.method = method
        self.start = start
        let c = configuration, type = c.precision.elementType
        let problem = c.problem.problem(dimension: c.dimension, elementType: type, isProjected: c.isProjected)
        func full(_ value: Double) -> Tensor {
            Tensor(repeating: value, shape: [c.dimension], elementType: type).evaluated()
        }
        solver = try method.solver(
            for: problem, settings: c.methodSettings, upper: full(start.x),
            lower: (0..<c.problem.lowerTensorCount).map { _ in full(start.y) })
        solution = c.problem.solution(dimension: c.dimension)
    }

    /// Its name in events and on the way.
    var name: String { "\(method.rawValue) from (\(numberText(start.x)), \(numberText(start.y)))" }

    /// One upper iteration; false when it failed, with the reason in `failure`.
    package func step() -> Bool {
        if rows.isEmpty { PeakMemory.reset() }
        let report: IterationReport
        do { report = try solver.step() } catch {
            failure = "\(error)"
            return false
        }
        let x = solver.upper.tensors[0].scalars, y = solver.lower.tensors.map(\.scalars)
        let distanceX = distance(x, solution.x), distanceY = distance(Array(y.joined()), Array(solution.y.joined()))
        let value = report.finalUpperValue, scale = solution.value == 0 ? 1 : abs(solution.value)
        rows.append(
            NumericalRow(
                iteration: report.iteration, truncation: report.truncation, x: x[0], y: y[0][0],
                relativeErrorX: distanceX / max(norm(solution.x), 1e-300),
                relativeErrorF: abs(value - solution.value) / scale, upperValue: value,
                distanceX: distanceX, distanceY: distanceY, seconds: report.seconds))
        return true
    }

    /// What was needed of memory; call after the last step.
    func finish() { peakMemoryBytes = PeakMemory.bytes }

    private func norm(_ v: [Double]) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    private func distance(_ v: [Double], _ w: [Double]) -> Double { norm(zip(v, w).map { $0 - $1 }) }

    package var result: NumericalResult {
        restored
            ?? NumericalResult(
                method: method, start: start, rows: rows, finalX: Array(solver.upper.tensors[0].scalars.prefix(100)),
                finalY: solver.lower.tensors.map { Array($0.scalars.prefix(100)) }, peakMemoryBytes: peakMemoryBytes,
                failure: failure)
    }

    // MARK: Checkpoints

    /// Adds what the run needs to go on.
    func save(to checkpoint: inout Checkpoint, as name: String) { checkpoint.add(solver.state, under: "\(name).") }

    func restore(_ checkpoint: Checkpoint, from name: String, rows: [NumericalRow], file: String) throws {
        self.rows = rows
        if !rows.isEmpty {
            try solver.restore(from: checkpoint, under: "\(name).", iteration: rows.count, file: file)
        }
    }

    /// Adds what the report wants of a run that has ended.
    func saveResult(to checkpoint: inout Checkpoint, as name: String) {
        let result = result
        checkpoint.add(([result.finalX] + result.finalY).map { Tensor($0) }, as: "\(name).end")
        checkpoint.notes["\(name).peakMemoryBytes"] = String(result.peakMemoryBytes)
        checkpoint.notes["\(name).failure"] = result.failure
    }

    func restoreResult(_ checkpoint: Checkpoint, from name: String, rows: [NumericalRow], file: String) throws {
        let present = ([result.finalX] + result.finalY).map { Tensor($0) }
        let ends = try checkpoint.restored(present, from: "\(name).end", file: file).map(\.scalars)
        self.rows = rows
        restored = NumericalResult(
            method: method, start: start, rows: rows, finalX: ends[0], finalY: Array(ends.dropFirst()),
            peakMemoryBytes: Int(checkpoint.notes["\(name).peakMemoryBytes"] ?? "") ?? 0,
            failure: checkpoint.notes["\(name).failure"])
    }
}

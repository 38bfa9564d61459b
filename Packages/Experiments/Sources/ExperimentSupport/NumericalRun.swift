import BilevelOptimization
import Foundation
import MethodCatalogue
import Reporting
import Tensors

/// One method from one start on one numerical example.
public final class NumericalRun {
    /// After one upper iteration.
    public struct Row: Sendable {
        public let iteration: Int, truncation: Int
        /// The first coordinates.
        public let x: Double, y: Double
        public let relativeErrorX: Double, relativeErrorF: Double, upperValue: Double
        /// ‖x - x*‖ and ‖y - y*‖.
        public let distanceX: Double, distanceY: Double
        public let seconds: Double
    }

    public let method: MethodName
    public let start: (x: Double, y: Double)
    public private(set) var rows: [Row] = []
    public private(set) var peakMemoryBytes = 0
    /// Why it ended early, if it did.
    public private(set) var failure: String?

    private let solver: any BilevelSolver<Tensor, [Tensor], IterationReport>
    private let solution: (x: [Double], y: [[Double]], value: Double)

    public init(_ configuration: NumericalConfiguration, method: MethodName, start: (x: Double, y: Double))
        throws(SolverError)
    {
        self.method = method
        self.start = start
        let c = configuration, type = c.elementType
        let problem = c.problem.problem(dimension: c.dimension, elementType: type, isProjected: c.isProjected)
        func full(_ value: Double) -> Tensor {
            Tensor(repeating: value, shape: [c.dimension], elementType: type).evaluated()
        }
        solver = try method.solver(
            for: problem, settings: c.methodSettings, upper: full(start.x),
            lower: (0..<c.problem.lowerTensorCount).map { _ in full(start.y) })
        solution = c.problem.solution(dimension: c.dimension)
    }

    /// One upper iteration; false when it failed, with the reason in `failure`.
    public func step() -> Bool {
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
            Row(
                iteration: report.iteration, truncation: report.truncation, x: x[0], y: y[0][0],
                relativeErrorX: distanceX / max(norm(solution.x), 1e-300),
                relativeErrorF: abs(value - solution.value) / scale, upperValue: value,
                distanceX: distanceX, distanceY: distanceY, seconds: report.seconds))
        return true
    }

    public func finish() { peakMemoryBytes = PeakMemory.bytes }

    private func norm(_ v: [Double]) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    private func distance(_ v: [Double], _ w: [Double]) -> Double { norm(zip(v, w).map { $0 - $1 }) }

    // MARK: Figures

    public var name: String { "\(method.rawValue) from (\(numberText(start.x)), \(numberText(start.y)))" }
    public var bestRelativeErrorX: Double { rows.map(\.relativeErrorX).min() ?? .nan }
    public var medianRelativeErrorXLast50: Double { Samples(rows.suffix(50).map(\.relativeErrorX)).median }
    public var firstIterationBelowOnePercent: Int? { rows.first { $0.relativeErrorX < 0.01 }?.iteration }
    public var microsecondsPerIteration: Double { Samples(rows.map(\.seconds)).median * 1e6 }
    public var meanTruncation: Double { rows.reduce(0) { $0 + Double($1.truncation) } / Double(max(rows.count, 1)) }

    public var summary: JSONValue {
        // Long vectors are cut: the first 100 coordinates.
        func array(_ values: [Double]) -> JSONValue { .array(values.prefix(100).map { .number($0) }) }
        return [
            "method": .string(method.rawValue), "start": [.number(start.x), .number(start.y)],
            "finalX": array(solver.upper.tensors[0].scalars),
            "finalY": .array(solver.lower.tensors.map { array($0.scalars) }),
            "bestRelativeErrorX": .number(bestRelativeErrorX),
            "medianRelativeErrorXLast50": .number(medianRelativeErrorXLast50),
            "relativeErrorF": .number(rows.last?.relativeErrorF ?? .nan),
            "firstIterationBelowOnePercent": firstIterationBelowOnePercent.map(JSONValue.integer) ?? .null,
            "microsecondsPerIteration": .number(microsecondsPerIteration), "peakMemoryBytes": .integer(peakMemoryBytes),
            "meanTruncation": .number(meanTruncation), "outerIterations": .integer(rows.count),
            "stoppedBecause": failure.map(JSONValue.string) ?? .null,
        ]
    }
}

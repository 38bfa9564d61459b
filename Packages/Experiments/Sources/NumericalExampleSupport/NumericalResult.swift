import BilevelOptimization
import MethodCatalogue
import Reporting
import RunSupport

/// What one method came to from one start, as values.
package struct NumericalResult: Sendable {
    package let method: MethodName
    package let start: (x: Double, y: Double)
    package let rows: [NumericalRow]
    /// The first 100 coordinates of x, and of each tensor of y.
    let finalX: [Double], finalY: [[Double]]
    let peakMemoryBytes: Int
    /// Why it ended early, if it did.
    package let failure: String?

    package var bestRelativeErrorX: Double? { rows.map(\.relativeErrorX).min() }
    package var medianRelativeErrorXLast50: Double? {
        rows.isEmpty ? nil : Samples(rows.suffix(50).map(\.relativeErrorX)).median
    }
    package var firstIterationBelowOnePercent: Int? { rows.first { $0.relativeErrorX < 0.01 }?.iteration }
    package var microsecondsPerIteration: Double? { rows.isEmpty ? nil : Samples(rows.map(\.seconds)).median * 1e6 }
    package var meanTruncation: Double {
        rows.reduce(0) { $0 + Double($1.truncation) } / Double(max(rows.count, 1))
    }

    var summary: JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
        func array(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }
        return [
            "method": method.json, "start": [.number(start.x), .number(start.y)], "finalX": array(finalX),
            "finalY": .array(finalY.map(array)), "bestRelativeErrorX": number(bestRelativeErrorX),
            "medianRelativeErrorXLast50": number(medianRelativeErrorXLast50),
            "relativeErrorF": number(rows.last?.relativeErrorF),
            "firstIterationBelowOnePercent": firstIterationBelowOnePercent.json,
            "microsecondsPerIteration": number(microsecondsPerIteration),
            "peakMemoryBytes": .integer(peakMemoryBytes), "meanTruncation": .number(meanTruncation),
            "outerIterations": .integer(rows.count), "stoppedBecause": failure.json,
        ]
    }
}

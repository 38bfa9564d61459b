import BilevelOptimization
import Foundation
import MethodCatalogue
import Reporting
import RunSupport

/// What a numerical experiment came to, as values, with the paper's figures redrawn.
package struct NumericalOutcome: RunOutcome {
    let configuration: NumericalConfiguration
    let settings: RunSettings
    package let results: [NumericalResult]
    package let leftOut: [(method: MethodName, reason: String)]
    let companions: NumericalCompanions.Results?
    /// Why it ended early, if it did.
    package let stoppedBecause: String?

    package var files: [(name: String, content: [UInt8])] { [] }

    package var summary: JSONValue {
        [
            "problem": configuration.problem.json, "runs": .array(results.map(\.summary)),
            "leftOut": .array(leftOut.map { ["method": $0.method.json, "reason": .string($0.reason)] }),
            "stoppedBecause": stoppedBecause.json,
        ]
    }

    // MARK: The page

    package var table: Table {
        Table(
            columns: [
                "method", "start", "x", "best error of x", "median of last 50", "error of F", "below 1% at",
                "µs/iteration", "mean k̄", "",
            ],
            rows: results.map { run in
                let last = run.rows.last
                return [
                    run.method.rawValue, "(\(numberText(run.start.x)), \(numberText(run.start.y)))",
                    short(last?.x),
                    short(run.bestRelativeErrorX), short(run.medianRelativeErrorXLast50),
                    short(last?.relativeErrorF),
                    run.firstIterationBelowOnePercent.map(String.init) ?? "never",
                    run.microsecondsPerIteration.map { String(format: "%.1f", $0) } ?? "–",
                    run.meanTruncation > 0 ? String(format: "%.1f", run.meanTruncation) : "–", run.failure ?? "",
                ]
            })
    }

    func short(_ value: Double?) -> String { value.map { $0.isNaN ? "–" : String(format: "%.4g", $0) } ?? "–" }

    func chart(_ title: String, _ yLabel: String, _ runs: [NumericalResult], _ value: (NumericalRow) -> Double)
        -> String
    {
        LineChart(
            title: title, xLabel: "upper iteration", yLabel: yLabel,
            series: runs.map { run in
                .init(run.method.rawValue, run.rows.map { (Double($0.iteration), value($0)) })
            }
        ).svg
    }

    package var page: HTMLReport {
        let c = configuration
        var page = HTMLReport(
            title: "Numerical example: \(c.problem.rawValue)",
            subtitle: "K = \(c.settings.innerIterations), \(c.outerIterations) upper iterations, "
                + "dimension \(c.dimension), \(c.precision.rawValue)"
                + (c.isProjected ? "" : ", lower steps not projected")
                + (c.quirks.isEmpty
                    ? "" : ", reference quirks: \(c.quirks.map(\.rawValue).joined(separator: ", "))"))
        if let stoppedBecause { page.addParagraph("The run stopped early: \(stoppedBecause).") }
        page.addTable(table)
        for (method, reason) in leftOut { page.addParagraph("\(method.rawValue) was left out: it \(reason).") }

        page.addHeading(c.problem == .nonconvex ? "Figure 1: errors from each start" : "Errors from each start")
        page.addCharts(
            c.starts.flatMap { start in
                let here = results.filter { $0.start == start },
                    from = "from (\(numberText(start.x)), \(numberText(start.y)))"
                // Six lines a chart can be told apart.
                return stride(from: 0, to: here.count, by: 6).flatMap { first in
                    let some = Array(here[first..<min(first + 6, here.count)])
                    return [
                        chart("Relative error of x \(from)", "", some, \.relativeErrorX),
                        chart("Relative error of F \(from)", "", some, \.relativeErrorF),
                    ]
                }
            })
        if c.problem == .convex {
            page.addHeading("Figure 3: with and without acceleration")
            page.addCharts([chart("‖x - x*‖", "", results, \.distanceX), chart("‖y - y*‖", "", results, \.distanceY)])
        }
        if let companions { addPaperFigures(companions, to: &page) }
        page.addHeading("Configuration")
        page.addSettings(settings.json)
        return page
    }
}

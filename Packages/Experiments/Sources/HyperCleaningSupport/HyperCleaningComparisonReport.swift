import BilevelOptimization
import Foundation
import Reporting
import RunSupport

/// How several methods did, from what became of each.
struct HyperCleaningComparisonReport {
    let settings: HyperCleaningConfiguration
    let entries: [HyperCleaningEntry]

    /// Whether anybody knows which labels are wrong.
    private var isTruthKnown: Bool { entries.contains { $0.last?.metrics != nil } }

    var csv: String {
        let columns = [
            "network", "method", "iterations", "accuracy", "accuracyAtInitialization", "f1", "precision", "recall",
            "auroc", "validationLoss", "meanTruncation",
            "secondsPerOuterIteration", "stoppedBecause",
        ]
        let lines = entries.map { entry in
            [entry.network.rawValue, entry.method.rawValue]
                + [
                    Double(entry.rows.count), entry.accuracy, entry.accuracyAtInitialization, entry.last?.metrics?.f1,
                    entry.last?.metrics?.precision, entry.last?.metrics?.recall, entry.last?.metrics?.auroc,
                    entry.last?.report.finalUpperValue, entry.meanTruncation, entry.seconds,
                ].map { $0.map(numberText) ?? "" } + [entry.failure ?? ""]
        }
        return CSV.text([columns] + lines)
    }

    /// A row a run.
    var table: Table {
        func percent(_ share: Double?) -> String { share.map { String(format: "%.2f", $0 * 100) } ?? "–" }
        func number(_ value: Double?, _ format: String) -> String { value.map { String(format: format, $0) } ?? "–" }
        let truth: [(name: String, cell: (HyperCleaningEntry) -> String)] =
            isTruthKnown
            ? [
                ("F1", { percent($0.last?.metrics?.f1) }),
                ("AUROC", { number($0.last?.metrics?.auroc, "%.3f") }),
            ] : []
        return Table(
            columns: ["network", "method", "accuracy at y_K"] + truth.map(\.name) + [
                "validation loss", "mean k̄", "s/iteration", "",
            ],
            rows: entries.map { entry in
                [entry.network.rawValue, entry.method.rawValue, percent(entry.accuracy)]
                    + truth.map { $0.cell(entry) } + [
                        number(entry.last?.report.finalUpperValue, "%.3f"), number(entry.meanTruncation, "%.1f"),
                        number(entry.seconds, "%.3f"), entry.failure ?? "",
                    ]
            })
    }

    var page: HTMLReport {
        let c = settings
        var page = HTMLReport(
            title: "Data hyper-cleaning: methods compared",
            subtitle: "\(c.dataset.rawValue), K = \(c.innerIterations), T = \(c.outerIterations), seed \(c.seed)")
        page.addParagraph(
            "All methods of a network see the same samples, the same wrong labels and the same initial weights. "
                + "Accuracy in percent on the test part, at the last evaluation.")
        page.addTable(table)
        page.addLinks(
            entries.filter(\.isBegun).map {
                (
                    "\($0.network.rawValue), \($0.method.rawValue)",
                    "\($0.network.rawValue)-\($0.method.rawValue)/report.html"
                )
            })
        for network in HyperCleaningNetwork.allCases {
            let here = entries.filter { $0.network == network }
            guard !here.isEmpty else { continue }
            page.addHeading("Network \(network.rawValue)")
            // Six lines a chart can be told apart.
            page.addCharts(
                stride(from: 0, to: here.count, by: 6).flatMap { first in
                    let some = Array(here[first..<min(first + 6, here.count)])
                    return [
                        chart("Test accuracy at y_K", "upper iteration", some) { row, _ in
                            row.accuracy.map { (Double(row.report.iteration), $0) }
                        },
                        chart("Test accuracy at y_K", "seconds", some) { row, seconds in
                            row.accuracy.map { (seconds, $0) }
                        },
                        chart("Validation loss at y_K", "upper iteration", some) { row, _ in
                            (Double(row.report.iteration), row.report.finalUpperValue)
                        },
                    ]
                        + (isTruthKnown
                            ? [
                                chart("F1 of the corrupted samples", "upper iteration", some) { row, _ in
                                    row.metrics.map { (Double(row.report.iteration), $0.f1) }
                                }
                            ] : [])
                })
        }
        page.addHeading("Configuration")
        page.addSettings(RunSettings(HyperCleaningSettings.common, of: c).json)
        return page
    }

    /// `point` is told the seconds that the iterations up to its row took.
    private func chart(
        _ title: String, _ xLabel: String, _ entries: [HyperCleaningEntry],
        _ point: (HyperCleaningRow, Double) -> (Double, Double)?
    ) -> String {
        LineChart(
            title: title, xLabel: xLabel, yLabel: "",
            series: entries.map { entry in
                var seconds = 0.0
                return .init(
                    entry.method.rawValue,
                    entry.rows.compactMap { row in
                        seconds += row.report.seconds
                        return point(row, seconds)
                    })
            }
        ).svg
    }
}

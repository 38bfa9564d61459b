import BilevelOptimization
import Foundation
import LabelCleaningSupport
import Reporting
import RunSupport

/// How several methods did, from what became of each.
package struct HyperCleaningComparisonReport {
    let settings: HyperCleaningConfiguration
    let entries: [HyperCleaningEntry]
    let plain: [Plain]

    /// A ranking without an upper level, and how well it finds the wrong labels where these are known.
    package struct Plain: Sendable {
        package let ranking: PlainRanking
        package let metrics: RankingMetrics?
    }

    /// Whether anybody knows which labels are wrong.
    private var isTruthKnown: Bool { entries.contains { $0.last?.metrics != nil } }

    var csv: String {
        let columns = [
            "network", "method", "iterations", "accuracy", "accuracyAtInitialization", "f1", "precision", "recall",
            "auroc", "averagePrecision", "averagePrecisionByWeight", "precisionAt64", "validationLoss",
            "meanTruncation",
            "secondsPerOuterIteration", "seconds", "stoppedBecause",
        ]
        let lines = entries.map { entry in
            [entry.network.rawValue, entry.method.rawValue]
                + [
                    Double(entry.rows.count), entry.accuracy, entry.accuracyAtInitialization, entry.last?.metrics?.f1,
                    entry.last?.metrics?.precision, entry.last?.metrics?.recall, entry.last?.metrics?.auroc,
                    entry.rankings?.byScore.averagePrecision, entry.rankings?.byWeight.averagePrecision,
                    entry.rankings?.byScore.precisionAt64, entry.last?.report.finalUpperValue, entry.meanTruncation,
                    entry.seconds, entry.totalSeconds,
                ].map { $0.map(numberText) ?? "" } + [entry.failure ?? ""]
        }
        let plainLines = plain.map { plain in
            let values: [String: Double?] = [
                "accuracy": plain.ranking.accuracy, "averagePrecision": plain.metrics?.averagePrecision,
                "precisionAt64": plain.metrics?.precisionAt64, "seconds": plain.ranking.seconds,
            ]
            return [plain.ranking.network.rawValue, plain.ranking.kind.rawValue]
                + columns.dropFirst(2).map { (values[$0] ?? nil).map(numberText) ?? "" }
        }
        return CSV.text([columns] + plainLines + lines)
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
                ("AP by p(given)", { number($0.rankings?.byScore.averagePrecision, "%.3f") }),
                ("AP by x", { number($0.rankings?.byWeight.averagePrecision, "%.3f") }),
            ] : []
        return Table(
            columns: ["network", "method", "accuracy at y_K"] + truth.map(\.name) + [
                "validation loss", "mean k̄", "s/iteration", "seconds", "",
            ],
            rows: plain.map { plain in
                let found = isTruthKnown ? ["–", "–", number(plain.metrics?.averagePrecision, "%.3f"), "–"] : []
                return [plain.ranking.network.rawValue, plain.ranking.kind.rawValue, percent(plain.ranking.accuracy)]
                    + found + ["–", "–", "–", number(plain.ranking.seconds, "%.1f"), ""]
            }
                + entries.map { entry in
                    [entry.network.rawValue, entry.method.rawValue, percent(entry.accuracy)]
                        + truth.map { $0.cell(entry) } + [
                            number(entry.last?.report.finalUpperValue, "%.3f"), number(entry.meanTruncation, "%.1f"),
                            number(entry.seconds, "%.3f"), number(entry.totalSeconds, "%.1f"), entry.failure ?? "",
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
        page.addParagraph(
            "The first rows are what finds wrong labels without an upper level: a network of the validation samples "
                + "alone (trusted-only), how far the given label was ahead while a network learned the noisy samples "
                + "(margin), five networks asked about samples that they were not taught (5-fold). What a method adds "
                + "is what it is better by. AP: average precision of finding the wrong labels.")
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

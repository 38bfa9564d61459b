import BilevelOptimization
import Foundation
import MethodCatalogue
import Reporting

/// Several methods on several networks: the same samples, the same wrong labels, the same initial weights for all
/// methods of a network.
///
/// Every run has a folder of its own below the output; `comparison.csv` and `report.html` set them side by side.
public final class HyperCleaningComparison {
    /// What became of one run.
    public struct Entry: Sendable {
        public let network: HyperCleaningNetwork
        public let method: MethodName
        public let rows: [HyperCleaningRun.Row]
        /// Why it ended early, if it did.
        public let failure: String?
    }

    private let settings: HyperCleaningConfiguration
    private let networks: [HyperCleaningNetwork], methods: [MethodName]
    private let output: String
    private let isResumed: Bool
    public private(set) var entries: [Entry] = []

    /// - Parameter settings: whose network and method are replaced by each of the given ones.
    public init(
        _ settings: HyperCleaningConfiguration, networks: [HyperCleaningNetwork], methods: [MethodName], output: String,
        isResumed: Bool = false
    ) {
        self.settings = settings
        self.networks = networks
        self.methods = methods
        self.output = output
        self.isResumed = isResumed
    }

    public var count: Int { networks.count * methods.count }

    /// Runs all, one after the other. A run that fails is listed with the reason; the others go on. What is finished is
    /// compared after every run.
    /// - Parameter progress: what runs, the upper iterations done over all runs, and the row.
    public func run(wasStopped: () -> Bool, progress: (String, Int, HyperCleaningRun.Row) -> Void) throws {
        var folder: RunFolder?
        for network in networks {
            for method in methods where !wasStopped() {
                var configuration = settings
                configuration.network = network
                configuration.method = method
                // Wrong data are found here, before the first folder is made.
                let run = try HyperCleaningRun(configuration)
                if folder == nil { folder = try start(run) }
                let name = "\(network.rawValue)-\(method.rawValue)", path = "\(output)/\(name)"
                let isBegun = isResumed && FileManager.default.fileExists(atPath: "\(path)/last.safetensors")
                // A folder without a checkpoint has nothing to go on from.
                if isResumed, !isBegun { try? FileManager.default.removeItem(atPath: path) }
                let report =
                    isBegun
                    ? try HyperCleaningReport(resuming: run, output: path) : try HyperCleaningReport(run, output: path)
                let before = entries.count * settings.outerIterations
                do {
                    try report.complete(wasStopped: wasStopped) { progress(name, before + run.iteration, $0) }
                } catch is SolverError {}
                entries.append(Entry(network: network, method: method, rows: run.rows, failure: run.failure))
                if let folder { try write(to: folder) }
            }
        }
    }

    private func start(_ run: HyperCleaningRun) throws -> RunFolder {
        let folder = isResumed ? try RunFolder(resuming: output) : try RunFolder(path: output)
        try folder.writeJSON(
            [
                "networks": .array(networks.map { .string($0.rawValue) }),
                "methods": .array(methods.map { .string($0.rawValue) }),
                "settings": settings.json(dataHash: run.dataHash),
            ], to: "configuration.json")
        return folder
    }

    // MARK: Files

    private func write(to folder: RunFolder) throws {
        try folder.write(csv, to: "comparison.csv")
        try folder.write(page.html, to: "report.html")
    }

    private var csv: String {
        let columns = [
            "network", "method", "iterations", "accuracy", "accuracyAtInitialization", "f1", "precision", "recall",
            "auroc", "validationLoss", "meanTruncation",
            "secondsPerOuterIteration", "stoppedBecause",
        ]
        let lines = entries.map { entry in
            let numbers = [
                Double(entry.rows.count), entry.accuracy, entry.accuracyAtInitialization, entry.last?.metrics.f1,
                entry.last?.metrics.precision, entry.last?.metrics.recall,
                entry.last?.metrics.auroc, entry.last?.report.finalUpperValue, entry.meanTruncation, entry.seconds,
            ].map { $0.map(numberText) ?? "" }
            return ([entry.network.rawValue, entry.method.rawValue] + numbers + ["\"\(entry.failure ?? "")\""]).joined(
                separator: ",")
        }
        return ([columns.joined(separator: ",")] + lines).joined(separator: "\n") + "\n"
    }

    /// A row a run.
    public var table: Table {
        func percent(_ share: Double?) -> String {
            share.map { $0.isNaN ? "–" : String(format: "%.2f", $0 * 100) } ?? "–"
        }
        func number(_ value: Double?, _ format: String) -> String {
            value.map { $0.isNaN ? "–" : String(format: format, $0) } ?? "–"
        }
        return Table(
            columns: [
                "network", "method", "accuracy at y_K", "F1", "AUROC", "validation loss", "mean k̄", "s/iteration", "",
            ],
            rows: entries.map { entry in
                [
                    entry.network.rawValue, entry.method.rawValue, percent(entry.accuracy),
                    percent(entry.last?.metrics.f1), number(entry.last?.metrics.auroc, "%.3f"),
                    number(entry.last?.report.finalUpperValue, "%.3f"), number(entry.meanTruncation, "%.1f"),
                    number(entry.seconds, "%.3f"), entry.failure ?? "",
                ]
            })
    }

    private var page: HTMLReport {
        let c = settings
        var page = HTMLReport(
            title: "Data hyper-cleaning: methods compared",
            subtitle: "\(c.dataset.rawValue), K = \(c.innerIterations), T = \(c.outerIterations), seed \(c.seed)")
        page.addParagraph(
            "All methods of a network see the same samples, the same wrong labels and the same initial weights. Accuracy in percent on the test part, at the last evaluation."
        )
        page.addTable(table)
        page.addLinks(
            entries.map {
                (
                    "\($0.network.rawValue), \($0.method.rawValue)",
                    "\($0.network.rawValue)-\($0.method.rawValue)/report.html"
                )
            })
        for network in networks {
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
                        + (c.corruption > 0
                            ? [
                                chart("F1 of the corrupted samples", "upper iteration", some) { row, _ in
                                    (Double(row.report.iteration), row.metrics.f1)
                                }
                            ] : [])
                })
        }
        page.addHeading("Configuration")
        page.addSettings([
            "outerIterations": .integer(c.outerIterations), "innerIterations": .integer(c.innerIterations),
            "lowerRate": .number(c.lowerRate),
            "upperRate": .number(c.upperRate), "initializationRate": .number(c.initializationRate),
            "corruption": .number(c.corruption),
            "truncationLength": .integer(c.truncationLength), "adjointIterations": .integer(c.adjointIterations),
            "initialization": .string(c.isWarmStarted ? "warm" : "fixed"), "threads": .integer(c.threads),
        ])
        return page
    }

    /// `point` is told the seconds that the iterations up to its row took.
    private func chart(
        _ title: String, _ xLabel: String, _ entries: [Entry],
        _ point: (HyperCleaningRun.Row, Double) -> (Double, Double)?
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

extension HyperCleaningComparison.Entry {
    var last: HyperCleaningRun.Row? { rows.last }
    /// At the last evaluation.
    public var accuracy: Double? { rows.last { $0.accuracy != nil }?.accuracy }
    var accuracyAtInitialization: Double? { rows.last { $0.accuracy != nil }?.accuracyAtInitialization }
    var meanTruncation: Double? { rows.isEmpty ? nil : Samples(rows.map { Double($0.report.truncation) }).mean }
    /// Median of an upper iteration.
    var seconds: Double? { rows.isEmpty ? nil : Samples(rows.map(\.report.seconds)).median }
}

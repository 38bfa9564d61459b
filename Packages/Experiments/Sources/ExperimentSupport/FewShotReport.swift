import BilevelOptimization
import Foundation
import NeuralLayers
import Reporting

/// Writes a few-shot run's folder.
public struct FewShotReport {
    private let folder: RunFolder
    private let metrics: MetricsFile
    private let run: FewShotRun
    private static let columns = [
        "iteration", "upperValue", "meanTruncation", "hypergradientNorm", "initializationGradientNorm",
        "validationAccuracy", "seconds",
    ]

    public init(_ run: FewShotRun, output: String) throws(ReportingError) {
        self.run = run
        folder = try RunFolder(path: output)
        try folder.writeJSON(run.configuration.json(run.data), to: "configuration.json")
        metrics = try MetricsFile(in: folder, columns: Self.columns, withEvents: true)
    }

    /// Goes on in a run's folder: rows after the checkpoint's iteration are dropped, since they will come again.
    public init(resuming run: FewShotRun, output: String) throws {
        self.run = run
        folder = try RunFolder(resuming: output)
        let path = "\(output)/last.safetensors"
        try run.restore(try Checkpoint(path: path), file: path)
        metrics = try MetricsFile(resuming: folder, columns: Self.columns, withEvents: true, upTo: run.iteration)
        run.takeUp(
            metrics.earlierRows.map { cells in
                let v = cells.map { $0 ?? .nan }
                return .init(
                    report: MetaReport(
                        iteration: Int(v[0]), upperValue: v[1], meanTruncation: v[2], hypergradientNorm: v[3],
                        initializationGradientNorm: v[4], seconds: v[6]),
                    validationAccuracy: cells[5])
            })
    }

    public var path: String { folder.path }

    public func append(_ row: FewShotRun.Row) throws {
        let r = row.report
        try metrics.append([
            Double(r.iteration), r.upperValue, r.meanTruncation, r.hypergradientNorm, r.initializationGradientNorm,
            row.validationAccuracy, r.seconds,
        ])
        if row.validationAccuracy != nil { try writeCheckpoint() }
    }

    public func writeCheckpoint() throws { try run.checkpoint.write(to: "\(folder.path)/last.safetensors") }

    /// Tests once, with the selected variables, and writes `summary.json`, `episodes.csv` and `report.html`.
    public func finish(testEpisodes: Int) throws -> (accuracy: Double, confidence95: Double) {
        let c = run.configuration, (accuracies, hash) = run.test(count: testEpisodes), samples = Samples(accuracies)
        let interval = samples.confidence95
        try folder.write(
            "episode,accuracy\n" + accuracies.enumerated().map { "\($0),\(numberText($1))" }.joined(separator: "\n")
                + "\n", to: "episodes.csv")
        let seconds = Samples(run.rows.map(\.report.seconds))
        let summary: JSONValue = [
            "method": .string(c.method.rawValue), "dataset": .string(c.dataset.rawValue),
            "backbone": .string(c.backbone.rawValue),
            "ways": .integer(c.ways), "shots": .integer(c.shots), "episodes": .integer(accuracies.count),
            "accuracy": .number(samples.mean), "confidence95": .number(interval),
            "validationAccuracy": .number(run.best?.accuracy ?? .nan),
            "selectedIteration": run.best.map { .integer($0.iteration) } ?? .null,
            "metaIterations": .integer(run.iteration), "secondsPerMetaIteration": .number(seconds.median),
            "peakMemoryBytes": .integer(PeakMemory.bytes),
            "meanTruncation": .number(Samples(run.rows.map(\.report.meanTruncation)).mean),
            "batchNormalization": .string(FewShotRun.batchNormalization),
            "episodesHash": .string(hash), "splitHash": .string(run.data.splitHash),
            "seed": .integer(Int(truncatingIfNeeded: c.seed)), "threads": .integer(c.threads),
            "stoppedBecause": run.failure.map(JSONValue.string) ?? .null,
        ]
        try folder.writeJSON(summary, to: "summary.json")
        var page = HTMLReport(
            title: "Few-shot classification",
            subtitle:
                "\(c.method.rawValue) on \(c.dataset.rawValue), \(c.ways)-way \(c.shots)-shot, backbone \(c.backbone.rawValue), "
                + "K = \(c.innerIterations), seed \(c.seed)")
        if let failure = run.failure { page.addParagraph("Training stopped early: \(failure).") }
        page.addKeyFigures([
            ("test accuracy", String(format: "%.2f ± %.2f %%", 100 * samples.mean, 100 * interval)),
            ("test episodes", "\(accuracies.count)"),
            ("best validation accuracy", run.best.map { String(format: "%.2f %%", 100 * $0.accuracy) } ?? "–"),
            ("seconds per meta-iteration", String(format: "%.3f", seconds.median)),
            ("peak memory", "\(PeakMemory.bytes / 1_048_576) MiB"),
        ])
        page.addParagraph(
            "± is the 95 % interval of the mean over episodes, 1.96 s/√n. Batch normalization: \(FewShotRun.batchNormalization)."
        )
        let bin = max(1, run.rows.count / 200)
        page.addCharts([
            LineChart(
                title: "Validation accuracy", xLabel: "meta-iteration", yLabel: "",
                series: [
                    .init(
                        "accuracy",
                        run.rows.compactMap { row in row.validationAccuracy.map { (Double(row.report.iteration), $0) } }
                    )
                ]
            ).svg,
            LineChart(
                title: "Query loss, means of \(bin)", xLabel: "meta-iteration", yLabel: "",
                series: [
                    LineChart.Series("F", run.rows.map { (Double($0.report.iteration), $0.report.upperValue) })
                        .averaged(over: bin)
                ]
            ).svg,
            LineChart(
                title: "k̄, means of \(bin)", xLabel: "meta-iteration", yLabel: "",
                series: [
                    LineChart.Series("k̄", run.rows.map { (Double($0.report.iteration), $0.report.meanTruncation) })
                        .averaged(over: bin)
                ]
            ).svg,
            Histogram(
                title: "Accuracy of the test episodes", xLabel: "accuracy", series: [("episodes", accuracies)], bins: 25
            ).svg,
        ])
        page.addHeading("Summary and configuration")
        page.addSettings(summary, c.json(run.data))
        try folder.write(page.html, to: "report.html")
        return (samples.mean, interval)
    }
}

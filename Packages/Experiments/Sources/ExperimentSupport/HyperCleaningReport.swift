import BilevelOptimization
import Foundation
import NeuralLayers
import Reporting

/// Writes a hyper-cleaning run's folder.
public struct HyperCleaningReport {
    private let folder: RunFolder
    private let metrics: MetricsFile
    private let run: HyperCleaningRun

    /// Creates the folder with `configuration.json` and an empty `metrics.csv`.
    public init(_ run: HyperCleaningRun, output: String) throws(ReportingError) {
        self.run = run
        folder = try RunFolder(path: output)
        try folder.writeJSON(run.configuration.json(dataHash: run.dataHash), to: "configuration.json")
        metrics = try MetricsFile(in: folder, columns: Self.columns, withEvents: true)
    }

    /// Goes on in a run's folder: rows after the checkpoint's iteration are dropped, since they will come again.
    public init(resuming run: HyperCleaningRun, output: String) throws {
        self.run = run
        folder = try RunFolder(resuming: output)
        let path = "\(output)/last.safetensors"
        try run.restore(try Checkpoint(path: path), file: path)
        metrics = try MetricsFile(resuming: folder, columns: Self.columns, withEvents: true, upTo: run.iteration)
        run.takeUp(metrics.earlierRows.map(Self.row))
    }

    private static let columns = [
        "iteration", "truncation", "upperValue", "finalUpperValue", "hypergradientNorm", "initializationGradientNorm",
        "lowerStepNorm",
        "f1", "precision", "recall", "auroc", "accuracy", "accuracyAtInitialization", "forwardSeconds",
        "backwardSeconds", "updateSeconds",
    ]

    /// What `append` wrote, by columns.
    private static func row(_ cells: [Double?]) -> HyperCleaningRun.Row {
        let v = cells.map { $0 ?? .nan }
        let report = IterationReport(
            iteration: Int(v[0]), truncation: Int(v[1]), upperValue: v[2], finalUpperValue: v[3],
            hypergradientNorm: v[4], initializationGradientNorm: v[5],
            lowerStepNorm: v[6], forwardSeconds: v[13], backwardSeconds: v[14], updateSeconds: v[15])
        return .init(
            report: report, metrics: CleaningMetrics(precision: v[8], recall: v[9], f1: v[7], auroc: v[10]),
            accuracy: cells[11], accuracyAtInitialization: cells[12])
    }

    public var path: String { folder.path }

    /// Runs to the end, or until it is told to stop, and reports. A run that fails is reported with what it had
    /// learned, then its error is thrown.
    public func complete(wasStopped: () -> Bool = { false }, progress: (HyperCleaningRun.Row) -> Void = { _ in }) throws
    {
        do {
            while run.iteration < run.configuration.outerIterations, !wasStopped() {
                let row = try run.step()
                try append(row)
                progress(row)
            }
        } catch let error as SolverError {
            try finish()
            throw error
        }
        try writeCheckpoint()
        try finish()
    }

    /// Evaluated rows leave a checkpoint.
    public func append(_ row: HyperCleaningRun.Row) throws {
        let report = row.report, m = row.metrics
        try metrics.append([
            Double(report.iteration), Double(report.truncation), report.upperValue, report.finalUpperValue,
            report.hypergradientNorm,
            report.initializationGradientNorm, report.lowerStepNorm, m.f1, m.precision, m.recall,
            m.auroc.isNaN ? nil : m.auroc,
            row.accuracy, row.accuracyAtInitialization, report.forwardSeconds, report.backwardSeconds,
            report.updateSeconds,
        ])
        if row.accuracy != nil { try writeCheckpoint() }
    }

    public func writeCheckpoint() throws { try run.checkpoint.write(to: "\(folder.path)/last.safetensors") }

    /// Writes `summary.json`, `weights.csv` and `report.html`.
    public func finish() throws(ReportingError) {
        let summary = self.summary
        try folder.writeJSON(summary, to: "summary.json")
        try folder.write(weightsCSV, to: "weights.csv")
        try folder.write(page(summary).html, to: "report.html")
    }

    // MARK: Files

    private var summary: JSONValue {
        let c = run.configuration, rows = run.rows,
            last = CleaningMetrics(weights: run.weights, isCorrupted: run.corruption.isCorrupted)
        let end = run.accuracyAtEnd(), atZ = c.quirks.contains(.accuracyAtInitialization)
        let total = Samples(rows.map(\.report.seconds))
        return [
            "method": .string(c.method.rawValue), "dataset": .string(c.dataset.rawValue),
            "network": .string(c.network.rawValue),
            "outerIterations": .integer(rows.count), "innerIterations": .integer(c.innerIterations),
            "seed": .integer(Int(truncatingIfNeeded: c.seed)), "threads": .integer(c.threads),
            "accuracy": .number(atZ ? end.initialization : end.lower),
            "accuracyAtInitialization": .number(end.initialization),
            "f1": .number(last.f1), "precision": .number(last.precision), "recall": .number(last.recall),
            "auroc": .number(last.auroc),
            "validationLoss": .number(rows.last?.report.finalUpperValue ?? .nan),
            "secondsPerOuterIteration": .number(total.median),
            "forwardSeconds": .number(rows.reduce(0) { $0 + $1.report.forwardSeconds }),
            "backwardSeconds": .number(rows.reduce(0) { $0 + $1.report.backwardSeconds }),
            "peakMemoryBytes": .integer(PeakMemory.bytes),
            "meanTruncation": .number(
                rows.reduce(0) { $0 + Double($1.report.truncation) } / Double(max(rows.count, 1))),
            "dataHash": .string(run.dataHash),
            "referenceQuirks": .array(c.quirks.map { .string($0.rawValue) }),
            "stoppedBecause": run.failure.map(JSONValue.string) ?? .null,
        ]
    }

    private var weightsCSV: String {
        let x = run.weights, predicted = run.predictedTrainingLabels, isKnown = run.configuration.corruption > 0
        let lines = x.indices.map { i in
            let flag = isKnown ? (run.corruption.isCorrupted[i] ? "1" : "0") : ""
            return
                "\(run.split.train[i]),\(numberText(x[i])),\(numberText(sigmoid(x[i]))),\(run.corruption.labels[i]),\(predicted[i]),\(flag)"
        }
        return "index,x,sigma,givenLabel,predictedLabel,isCorrupted\n" + lines.joined(separator: "\n") + "\n"
    }

    private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    // MARK: The page

    private func page(_ summary: JSONValue) -> HTMLReport {
        let c = run.configuration, rows = run.rows
        let last = CleaningMetrics(weights: run.weights, isCorrupted: run.corruption.isCorrupted),
            end = run.accuracyAtEnd()
        var page = HTMLReport(
            title: "Data hyper-cleaning",
            subtitle: "\(c.method.rawValue) on \(c.dataset.rawValue), network \(c.network.rawValue), "
                + "K = \(c.innerIterations), \(rows.count) upper iterations, seed \(c.seed)")
        if let failure = run.failure {
            page.addParagraph("The run stopped early: \(failure). What follows is what it had learned before.")
        }
        page.addKeyFigures(
            [
                ("test accuracy at y_K", percent(end.lower)), ("test accuracy at z", percent(end.initialization)),
                ("samples kept", "\(run.weights.count { $0 >= 0 }) of \(run.weights.count)"),
                ("seconds per upper iteration", String(format: "%.3f", Samples(rows.map(\.report.seconds)).median)),
                ("peak memory", "\(PeakMemory.bytes / 1_048_576) MiB"),
            ]
                + (c.corruption > 0
                    ? [
                        ("F1", percent(last.f1)), ("precision", percent(last.precision)),
                        ("recall", percent(last.recall)), ("AUROC", percent(last.auroc)),
                    ] : []))

        page.addHeading("Most likely mislabelled")
        page.addParagraph(
            "The training samples with the smallest weights. Given: the label in the data; suggested: what the network learned on the cleaned data says."
        )
        page.addGallery(gallery)

        page.addHeading("Course of the run")
        func points(_ value: (HyperCleaningRun.Row) -> Double?) -> [(x: Double, y: Double)] {
            rows.compactMap { row in value(row).map { (Double(row.report.iteration), $0) } }
        }
        func chart(_ title: String, _ series: [LineChart.Series]) -> String {
            LineChart(title: title, xLabel: "upper iteration", yLabel: "", series: series).svg
        }
        var charts = [
            chart(
                "Validation loss",
                [.init("at k̄", points { $0.report.upperValue }), .init("at K", points { $0.report.finalUpperValue })]),
            chart(
                "Test accuracy",
                [.init("at y_K", points(\.accuracy)), .init("at z", points(\.accuracyAtInitialization))]),
        ]
        if c.corruption > 0 {
            charts.append(
                chart(
                    "Finding the corrupted samples",
                    [
                        .init("F1", points { $0.metrics.f1 }), .init("precision", points { $0.metrics.precision }),
                        .init("recall", points { $0.metrics.recall }),
                    ]))
        }
        let bin = max(1, rows.count / 100)
        charts.append(
            chart(
                bin == 1 ? "Truncation k̄" : "Truncation k̄, means of \(bin) iterations",
                [LineChart.Series("k̄", points { Double($0.report.truncation) }).averaged(over: bin)]))
        charts.append(
            chart(
                "Seconds per upper iteration",
                [
                    .init("forward", points { $0.report.forwardSeconds }),
                    .init("backward", points { $0.report.backwardSeconds }),
                ]))
        charts.append(chart("Norm of dF/dx", [.init("‖dF/dx‖", points { $0.report.hypergradientNorm })]))
        let weights = run.weights.map(sigmoid), flags = run.corruption.isCorrupted
        charts.append(
            Histogram(
                title: "Weights σ(x)", xLabel: "σ(x)",
                series: c.corruption > 0
                    ? [
                        ("clean", zip(weights, flags).filter { !$1 }.map(\.0)),
                        ("corrupted", zip(weights, flags).filter { $1 }.map(\.0)),
                    ]
                    : [("all samples", weights)]
            ).svg)
        page.addCharts(charts)

        page.addHeading("Summary and configuration")
        page.addSettings(summary, c.json(dataHash: run.dataHash))
        return page
    }

    private var gallery: [GalleryImage] {
        let x = run.weights, predicted = run.predictedTrainingLabels, names = run.configuration.dataset.classNames
        return x.indices.sorted { (x[$0], $0) < (x[$1], $1) }.prefix(64).map { i in
            let image = run.split.train[i]
            return GalleryImage(
                pixels: run.images.image(image), channels: run.images.channels, height: run.images.height,
                width: run.images.width,
                caption:
                    "#\(image) given: \(names[Int(run.corruption.labels[i])]), suggested: \(names[Int(predicted[i])]), σ(x) = "
                    + String(format: "%.3f", sigmoid(x[i])))
        }
    }

    private func percent(_ share: Double) -> String { share.isNaN ? "–" : String(format: "%.2f %%", share * 100) }
}

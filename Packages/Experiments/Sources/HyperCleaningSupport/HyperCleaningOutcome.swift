import Datasets
import Foundation
import LabelCleaningSupport
import Reporting
import RunSupport

/// What a hyper-cleaning run came to, as values.
package struct HyperCleaningOutcome {
    package let configuration: HyperCleaningConfiguration
    let settings: RunSettings
    let dataHash: String
    package let rows: [HyperCleaningRow]
    /// At the end; nil where nobody knows which labels are wrong.
    let metrics: CleaningMetrics?
    /// On the test part, at y_K and at z.
    package let accuracy: (lower: Double, initialization: Double)
    /// Sample by sample: x, its place in the training file, its label, what y_K says, and whether the label is known to
    /// be wrong.
    let weights: [Double], samples: [Int], givenLabels: [Int32]
    let probabilities: ClassProbabilities
    let isCorrupted: [Bool]?
    let suspects: Suspects
    /// By p(given) under y_K and by x; nil where nobody knows which labels are wrong.
    let rankings: (byScore: RankingMetrics, byWeight: RankingMetrics)?
    let images: LabeledImages
    let peakMemoryBytes: Int
    /// Why the run ended early, if it did.
    package let stoppedBecause: String?
}

/// The files of a hyper-cleaning run.
extension HyperCleaningOutcome: RunOutcome {
    package var files: [(name: String, content: [UInt8])] {
        [
            ("weights.csv", Array(weightsCSV.utf8)),
            ("suspects.csv", Array(suspects.csv(samples: samples, className: name).utf8)),
        ]
    }

    package var summary: JSONValue {
        let c = configuration, atZ = c.quirks.contains(.accuracyAtInitialization)
        func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
        return [
            "method": c.method.json, "dataset": c.dataset.json, "network": c.network.json,
            "outerIterations": .integer(rows.count), "innerIterations": .integer(c.innerIterations),
            "seed": c.seed.json, "threads": .integer(c.threads),
            "accuracy": .number(atZ ? accuracy.initialization : accuracy.lower),
            "accuracyAtInitialization": .number(accuracy.initialization),
            "f1": number(metrics?.f1), "precision": number(metrics?.precision), "recall": number(metrics?.recall),
            "auroc": number(metrics?.auroc),
            "averagePrecision": number(rankings?.byScore.averagePrecision),
            "averagePrecisionByWeight": number(rankings?.byWeight.averagePrecision),
            "precisionAt64": number(rankings?.byScore.precisionAt64),
            "validationLoss": number(rows.last?.report.finalUpperValue),
            "secondsPerOuterIteration": .number(Samples(rows.map(\.report.seconds)).median),
            "forwardSeconds": .number(rows.reduce(0) { $0 + $1.report.forwardSeconds }),
            "backwardSeconds": .number(rows.reduce(0) { $0 + $1.report.backwardSeconds }),
            "peakMemoryBytes": .integer(peakMemoryBytes),
            "meanTruncation": .number(Samples(rows.map { Double($0.report.truncation) }).mean),
            "dataHash": .string(dataHash), "referenceQuirks": .array(c.quirks.map(\.json)),
            "stoppedBecause": stoppedBecause.json,
        ]
    }

    private var weightsCSV: String {
        let header = ["index", "x", "sigma", "givenLabel", "predictedLabel", "isCorrupted"]
        return CSV.text(
            [header]
                + weights.indices.map { i in
                    [
                        "\(samples[i])", numberText(weights[i]), numberText(sigmoid(weights[i])), "\(givenLabels[i])",
                        "\(probabilities.likeliest(of: i))", isCorrupted.map { $0[i] ? "1" : "0" } ?? "",
                    ]
                })
    }

    private func name(_ label: Int32) -> String { configuration.dataset.className(Int(label)) }

    // MARK: The page

    package var page: HTMLReport {
        let c = configuration
        var page = HTMLReport(
            title: "Data hyper-cleaning",
            subtitle: "\(c.method.rawValue) on \(c.dataset.rawValue), network \(c.network.rawValue), "
                + "K = \(c.innerIterations), \(rows.count) upper iterations, seed \(c.seed)")
        if let stoppedBecause {
            page.addParagraph("The run stopped early: \(stoppedBecause). What follows is what it had learned before.")
        }
        page.addKeyFigures(keyFigures)

        page.addHeading("Most likely mislabelled")
        page.addParagraph(
            "The training samples whose given label the network learned on the cleaned data finds least probable. "
                + "Given: the label in the data; suggested: what that network says; σ(x): the sample's weight in "
                + "training.")
        page.addGallery(gallery)

        page.addHeading("Course of the run")
        page.addCharts(courses + [weightHistogram])

        page.addHeading("Summary and configuration")
        for remark in images.remarks { page.addParagraph(remark) }
        page.addSettings(summary, settings.json)
        return page
    }

    private var keyFigures: [(name: String, value: String)] {
        var figures = [
            ("test accuracy at y_K", percent(accuracy.lower)), ("test accuracy at z", percent(accuracy.initialization)),
            ("samples kept", "\(weights.count { $0 >= 0 }) of \(weights.count)"),
            ("peak memory", "\(peakMemoryBytes / 1_048_576) MiB"),
        ]
        if !rows.isEmpty {
            let seconds = Samples(rows.map(\.report.seconds)).median
            figures.insert(("seconds per upper iteration", String(format: "%.3f", seconds)), at: 3)
        }
        if let metrics {
            figures += [
                ("F1", percent(metrics.f1)), ("precision", percent(metrics.precision)),
                ("recall", percent(metrics.recall)),
            ]
            if let auroc = metrics.auroc { figures.append(("AUROC", percent(auroc))) }
        }
        if let rankings {
            figures += [
                ("average precision by p(given)", percent(rankings.byScore.averagePrecision)),
                ("average precision by x", percent(rankings.byWeight.averagePrecision)),
            ]
        }
        return figures
    }

    private var courses: [String] {
        func points(_ value: (HyperCleaningRow) -> Double?) -> [(x: Double, y: Double)] {
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
        if metrics != nil {
            charts.append(
                chart(
                    "Finding the corrupted samples",
                    [
                        .init("F1", points { $0.metrics?.f1 }), .init("precision", points { $0.metrics?.precision }),
                        .init("recall", points { $0.metrics?.recall }),
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
        return charts
    }

    private var weightHistogram: String {
        let sigmas = weights.map(sigmoid)
        return Histogram(
            title: "Weights σ(x)", xLabel: "σ(x)",
            series: isCorrupted.map { flags in
                [
                    ("clean", zip(sigmas, flags).filter { !$1 }.map(\.0)),
                    ("corrupted", zip(sigmas, flags).filter { $1 }.map(\.0)),
                ]
            } ?? [("all samples", sigmas)]
        ).svg
    }

    private var gallery: [GalleryImage] {
        suspects.ranked.prefix(64).map { suspect in
            let sample = samples[suspect.place]
            return GalleryImage(
                pixels: images.image(sample), channels: images.channels, height: images.height, width: images.width,
                caption: "#\(sample) given: \(name(suspect.given)) (p = "
                    + String(format: "%.3f", suspect.probabilityGiven)
                    + "), suggested: \(name(suspect.suggested)), σ(x) = "
                    + String(format: "%.3f", sigmoid(suspect.weight)))
        }
    }

    private func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }
}

/// The share of a weight x in the training loss.
func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

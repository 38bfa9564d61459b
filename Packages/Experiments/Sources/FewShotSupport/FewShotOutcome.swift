import Foundation
import Reporting
import RunSupport

/// What few-shot training came to, as values.
package struct FewShotOutcome: RunOutcome {
    let configuration: FewShotConfiguration
    let settings: RunSettings
    let rows: [FewShotRow]
    let metaIterations: Int
    /// What validation chose.
    let best: (iteration: Int, accuracy: Double)?
    /// Test episode by test episode.
    package let accuracies: [Double]
    let episodesHash: String, splitHash: String
    /// What was read, and how it is divided.
    let inventory: FewShotInventory
    let confusion: ClassConfusion
    let example: ExampleEpisode?
    let peakMemoryBytes: Int
    /// Why training or its test ended early, if it did.
    package let stoppedBecause: String?

    /// The mean over test episodes, and half of its 95% interval; nil where there are too few.
    package var accuracy: Double? { accuracies.isEmpty ? nil : Samples(accuracies).mean }
    package var confidence95: Double? { accuracies.count < 2 ? nil : Samples(accuracies).confidence95 }

    /// "97.74 ± 0.20 %".
    package var accuracyText: String? {
        accuracy.map { accuracy in
            String(format: "%.2f", 100 * accuracy)
                + (confidence95.map { String(format: " ± %.2f", 100 * $0) } ?? "") + " %"
        }
    }

    package var files: [(name: String, content: [UInt8])] {
        let lines = accuracies.enumerated().map { ["\($0)", numberText($1)] }
        return [
            ("episodes.csv", Array(CSV.text([["episode", "accuracy"]] + lines).utf8)),
            ("confusion.csv", Array(confusion.csv.utf8)),
        ]
    }

    package var summary: JSONValue {
        let c = configuration
        func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
        return [
            "method": c.method.json, "dataset": c.dataset.json, "backbone": c.backbone.json, "ways": .integer(c.ways),
            "shots": .integer(c.shots), "episodes": .integer(accuracies.count), "accuracy": number(accuracy),
            "confidence95": number(confidence95), "validationAccuracy": number(best?.accuracy),
            "selectedIteration": best.map { .integer($0.iteration) } ?? .null,
            "metaIterations": .integer(metaIterations),
            "secondsPerMetaIteration": .number(Samples(rows.map(\.report.seconds)).median),
            "peakMemoryBytes": .integer(peakMemoryBytes),
            "meanTruncation": .number(Samples(rows.map(\.report.meanTruncation)).mean),
            "batchNormalization": .string(c.normalization.explanation),
            "images": .array(inventory.partCounts.map { .integer($0) }),
            "notUsed": .array(inventory.remarks.map { .string($0) }), "data": inventory.json,
            "episodesHash": .string(episodesHash), "splitHash": .string(splitHash), "seed": c.seed.json,
            "threads": .integer(c.threads), "stoppedBecause": stoppedBecause.json,
        ]
    }

    // MARK: The page

    package var page: HTMLReport {
        let c = configuration
        var page = HTMLReport(
            title: "Few-shot classification",
            subtitle: "\(c.method.rawValue) on \(c.dataset.rawValue), \(c.ways)-way \(c.shots)-shot, "
                + "backbone \(c.backbone.rawValue), K = \(c.innerIterations), seed \(c.seed)")
        if let stoppedBecause { page.addParagraph("Training stopped early: \(stoppedBecause).") }
        var figures = [
            ("test accuracy", accuracyText ?? "not tested"), ("test episodes", "\(accuracies.count)"),
            ("best validation accuracy", best.map { String(format: "%.2f %%", 100 * $0.accuracy) } ?? "–"),
            ("peak memory", "\(peakMemoryBytes / 1_048_576) MiB"),
        ]
        if !rows.isEmpty {
            let seconds = Samples(rows.map(\.report.seconds)).median
            figures.insert(("seconds per meta-iteration", String(format: "%.3f", seconds)), at: 3)
        }
        page.addKeyFigures(figures)
        page.addParagraph(
            "± and the band are the 95 % interval of the mean over episodes, 1.96 s/√n. "
                + "Batch normalization: \(c.normalization.explanation).")
        let bin = max(1, rows.count / 200)
        page.addCharts([
            LineChart(
                title: "Validation accuracy", xLabel: "meta-iteration", yLabel: "",
                series: [
                    .init(
                        "accuracy",
                        rows.compactMap { row in row.validationAccuracy.map { (Double(row.report.iteration), $0) } },
                        margins: rows.filter { $0.validationAccuracy != nil }.map { $0.validationConfidence95 ?? 0 })
                ]
            ).svg,
            LineChart(
                title: "Query loss, means of \(bin)", xLabel: "meta-iteration", yLabel: "",
                series: [
                    LineChart.Series("F", rows.map { (Double($0.report.iteration), $0.report.upperValue) })
                        .averaged(over: bin)
                ]
            ).svg,
            LineChart(
                title: "k̄, means of \(bin)", xLabel: "meta-iteration", yLabel: "",
                series: [
                    LineChart.Series("k̄", rows.map { (Double($0.report.iteration), $0.report.meanTruncation) })
                        .averaged(over: bin)
                ]
            ).svg,
            Histogram(
                title: "Accuracy of the test episodes", xLabel: "accuracy", series: [("episodes", accuracies)], bins: 25
            ).svg,
        ])
        if let example {
            page.addHeading("A test episode")
            page.addParagraph(
                "What is shown of each class, then what is asked: \(example.right) of \(example.asked) right; "
                    + "the wrong first, \(example.query.count) shown.")
            page.addGallery(example.support)
            page.addGallery(example.query)
        }
        if !accuracies.isEmpty {
            page.addHeading("What test classes are taken for")
            if let matrix = confusion.matrix { page.addTable(matrix) }
            page.addParagraph("Most often mistaken (all pairs: confusion.csv):")
            page.addTable(confusion.worstPairs())
        }
        page.addHeading("Data")
        page.addParagraph(
            "Pictures read for training, validation and test: "
                + "\(inventory.partCounts.map(String.init).joined(separator: ", ")).")
        for line in inventory.lines { page.addParagraph(line) }
        page.addTable(inventory.table)
        page.addHeading("Summary and configuration")
        page.addSettings(summary.leavingOut(["data", "images", "notUsed"]), settings.json)
        return page
    }
}

extension JSONValue {
    /// An object without some of its members: what the page says in other words.
    fileprivate func leavingOut(_ names: Set<String>) -> JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { !names.contains($0.0) })
    }
}

import Datasets
import Foundation
import Reporting
import RunSupport

/// The page of a run of label cleaning: the sentence, the pictures, who is taken for whom; the training last.
extension CleaningOutcome {
    package var page: HTMLReport {
        var page = HTMLReport(title: "Labels that look wrong", subtitle: output.data)
        page.addParagraph(sentence)
        if let stoppedBecause { page.addParagraph("The run stopped early: \(stoppedBecause).") }
        guard let verdicts else { return page }
        page.addKeyFigures(keyFigures(verdicts))
        page.addHeading("Most suspicious")
        page.addParagraph(
            "Given: the label in the data; suggested: what the networks take it for."
                + (output.isWrong == nil ? "" : " Errors were planted: ✗ marks labels that are wrong, ✓ right ones."))
        if case .pictures(let channels, let height, let width) = data.samples.form {
            page.addGallery(gallery(verdicts, channels: channels, height: height, width: width))
        } else {
            page.addTable(firstRows(verdicts))
        }
        page.addHeading("Who is taken for whom")
        page.addParagraph(
            "Labels that look wrong, by given and suggested class; as far as can be seen, "
                + "\(verdicts.structure.inWords).")
        page.addTable(confusionTable(verdicts))
        page.addHeading("Classes")
        page.addTable(classTable(verdicts))
        page.addParagraph(
            "labels-corrected.csv "
                + (output.correction == .drop ? "leaves them out." : "has the suggested labels in their place."))
        page.addHeading("How this was found")
        page.addParagraph(explanation)
        page.addCharts(courses)
        for remark in data.samples.remarks { page.addParagraph(remark) }
        page.addSettings(summary, settings.json)
        return page
    }

    private func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

    private func keyFigures(_ verdicts: Verdicts) -> [(name: String, value: String)] {
        let given = Double(data.given.count), estimate = verdicts.estimate
        var figures = [
            ("labels that look wrong", "\(verdicts.flaggedCount)"),
            (
                "estimated wrong, 90% interval",
                String(format: "%.0f to %.0f", estimate.low * given, estimate.high * given)
            ),
            ("samples", "\(data.samples.count)"), ("trusted samples", "\(data.trusted.count)"),
        ]
        if let testAccuracy { figures.append(("accuracy on test samples", percent(testAccuracy))) }
        if let metrics {
            figures += [
                ("average precision", String(format: "%.3f", metrics.averagePrecision)),
                ("wrong among the first 64", percent(metrics.precisionAt64)),
                ("flagged that are wrong", percent(metrics.precision)),
                ("wrong that are flagged", percent(metrics.recall)),
            ]
        }
        return figures
    }

    private func mark(_ verdict: Verdicts.Verdict) -> String {
        output.isWrong.map { $0[verdict.sample] ? "✗ " : "✓ " } ?? ""
    }

    /// Of pictures; their values are planes already.
    private func gallery(
        _ verdicts: Verdicts, channels: Int, height: Int, width: Int
    ) -> [GalleryImage] {
        verdicts.verdicts.prefix(64).map { verdict in
            GalleryImage(
                pixels: data.samples.floats(of: [verdict.sample]).map { UInt8((min(max($0, 0), 1) * 255).rounded()) },
                channels: channels, height: height, width: width,
                caption:
                    "\(mark(verdict))\(data.samples.names[verdict.sample]): given \(name(verdict.given)), suggested "
                    + "\(name(verdict.suggested)) (\(percent(verdict.probabilitySuggested)))")
        }
    }

    private func firstRows(_ verdicts: Verdicts) -> Table {
        Table(
            columns: ["sample", "given", "suggested", "p(given)", "p(suggested)"],
            rows: verdicts.verdicts.prefix(64).map { verdict in
                [
                    mark(verdict) + data.samples.names[verdict.sample], name(verdict.given), name(verdict.suggested),
                    percent(verdict.probabilityGiven), percent(verdict.probabilitySuggested),
                ]
            })
    }

    /// A matrix of given x suggested for up to twenty classes, else the most frequent pairs.
    private func confusionTable(_ verdicts: Verdicts) -> Table {
        let pairs = verdicts.confusions, classes = data.classCount
        guard classes <= 20 else {
            return Table(
                columns: ["given", "suggested", "labels"],
                rows: pairs.prefix(40).map { [name($0.given), name($0.suggested), "\($0.count)"] })
        }
        var counts = [Int](repeating: 0, count: classes * classes)
        for pair in pairs { counts[Int(pair.given) * classes + Int(pair.suggested)] = pair.count }
        return Table(
            columns: ["given \\ suggested"] + data.samples.classNames,
            rows: (0..<classes).map { g in
                [data.samples.classNames[g]]
                    + (0..<classes).map { s in counts[g * classes + s] == 0 ? "" : "\(counts[g * classes + s])" }
            })
    }

    private func classTable(_ verdicts: Verdicts) -> Table {
        var counts = [Int](repeating: 0, count: data.classCount), flagged = counts
        for verdict in verdicts.verdicts {
            counts[Int(verdict.given)] += 1
            if verdict.isFlagged { flagged[Int(verdict.given)] += 1 }
        }
        let order = counts.indices.sorted { (-flagged[$0], $0) < (-flagged[$1], $1) }
        return Table(
            columns: ["given class", "samples", "look wrong", "share"],
            rows: order.filter { counts[$0] > 0 }.map { k in
                [
                    data.samples.classNames[k], "\(counts[k])", "\(flagged[k])",
                    percent(Double(flagged[k]) / Double(counts[k])),
                ]
            })
    }

    private var explanation: String {
        let trained = "\(configuration.memberCount(for: data)) networks were trained on the labels as they are"
        let upper =
            switch configuration.upperVariable {
            case .transition: ", while it was estimated how labels of each class go wrong"
            case .weights: ", each sample with a weight that was learned on the trusted ones"
            case .weightFunction:
                ", with weights by loss and class that were learned on the trusted ones"
            case .labels:
                ", each mixed with what the networks said before, as far as it helped on the trusted ones"
            case .lookAhead: ", each batch with weights that help on the trusted samples one step ahead"
            case .none: ""
            }
        return trained + upper
            + "; a label is suspicious where what the networks said of the sample, on average over their training, "
            + "speaks against it. How many are wrong follows from how often networks contradict labels that they were "
            + "not taught" + (data.trusted.isEmpty ? "." : ", given ones and trusted ones.")
    }

    private var courses: [String] {
        func chart(_ title: String, _ column: String) -> String {
            LineChart(
                title: title, xLabel: "epoch", yLabel: "",
                series: [.init(title, rows.map { ($0.number("epoch"), $0.number(column)) })]
            ).svg
        }
        return [chart("Loss", "loss"), chart("Share of labels contradicted", "contradicted")]
    }
}

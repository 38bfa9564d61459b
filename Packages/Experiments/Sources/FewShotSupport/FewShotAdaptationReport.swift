import Datasets
import Foundation
import Reporting
import RunSupport

/// What `few-shot adapt` shows and writes.
extension FewShotAdaptation {
    private static let none = "none of these"

    /// The answer in words.
    private func answer(_ guess: Guess) -> String { guess.isNone ? Self.none : classNames[guess.predicted] }

    /// A row an image: the file, the guess, its probability, and whether it is right where that is known.
    package var table: Table {
        Table(
            columns: ["image", "class", "probability", "folder says"],
            rows: guesses.map { guess in
                [
                    guess.path, answer(guess), String(format: "%.3f", guess.probabilities[guess.predicted]),
                    guess.trueClass.map { classNames[$0] } ?? "",
                ]
            })
    }

    /// Creates the folder with `predictions.csv`, `summary.json`, `configuration.json` and `report.html`.
    package func write(to path: String, checkpoint: String) throws(ReportingError) {
        let folder = try RunFolder(path: path), known = guesses.count { $0.trueClass != nil }
        let configuration: JSONValue = [
            "experiment": "few-shot adapt", "checkpoint": .string(checkpoint),
            "method": .string(settings.method.rawValue), "backbone": .string(settings.backbone.rawValue),
            "innerIterations": .integer(settings.innerIterations), "lowerRate": .number(settings.lowerRate),
            "normalization": settings.normalization.json, "codeVersion": .string(codeVersion),
        ]
        let summary: JSONValue = [
            "classes": .array(classNames.map(JSONValue.string)), "supportImages": .integer(support.count),
            "queryImages": .integer(query.count),
            "queryImagesOfKnownClass": .integer(known), "support": supportCount.json, "query": queryCount.json,
            "accuracy": accuracy.map(JSONValue.number) ?? .null,
            "noneOfThese": .integer(guesses.count(where: \.isNone)), "refusal": refusal?.json ?? .null,
            "batchNormalization": .string(settings.normalization.explanation),
            "strokes": strokes?.json ?? .null, "notes": .array(notes.map(JSONValue.string)),
        ]
        try folder.writeJSON(configuration, to: "configuration.json")
        try folder.write(csv, to: "predictions.csv")
        try folder.writeJSON(summary, to: "summary.json")
        try folder.write(page(configuration, known: known).html, to: "report.html")
    }

    private func page(_ configuration: JSONValue, known: Int) -> HTMLReport {
        var page = HTMLReport(
            title: "Guesses from a few examples",
            subtitle:
                "\(classNames.count) classes, \(support.count) labelled images, \(query.count) to be told apart; "
                + "\(settings.method.rawValue), backbone \(settings.backbone.rawValue), K = \(settings.innerIterations)"
        )
        var figures: [(String, String)] = []
        if let accuracy {
            figures = [("right", String(format: "%.1f %%", 100 * accuracy)), ("images of known class", "\(known)")]
        }
        if refusal != nil { figures.append((Self.none, "\(guesses.count(where: \.isNone))")) }
        if !figures.isEmpty { page.addKeyFigures(figures) }
        page.addParagraph("Labelled: \(supportCount). To be told apart: \(queryCount).")
        for remark in notes { page.addParagraph("\(remark).") }
        page.addHeading("Guesses")
        page.addParagraph(
            "Pictures as the network sees them. Batch normalization: \(settings.normalization.explanation)."
                + (refusal.map { " An answer is \($0.explanation)." } ?? ""))
        // What one looks for first: the wrong ones, then those of unknown class.
        let order = guesses.indices.sorted { a, b in
            let ranks = [a, b].map { guesses[$0].isRight.map { $0 ? 2 : 0 } ?? 1 }
            return (ranks[0], a) < (ranks[1], b)
        }
        page.addGallery(
            order.map { i in
                let guess = guesses[i],
                    probability = String(format: "%.0f %%", 100 * guess.probabilities[guess.predicted])
                let nearest = guess.isNone ? "nearest \(classNames[guess.predicted]), \(probability)" : probability
                let verdict = guess.trueClass.map { guess.isRight! ? ", right" : ", wrong: \(classNames[$0])" } ?? ""
                return picture(
                    i, of: query, "\(guess.path): \(answer(guess)) (\(nearest))\(verdict)",
                    mark: guess.isRight.map { $0 ? .right : .wrong })
            })
        page.addHeading("What was labelled")
        page.addGallery(
            support.labels.indices.map { i in
                picture(i, of: support, "\(classNames[Int(support.labels[i])]): \(supportPaths[i])")
            })
        page.addHeading("Table")
        page.addTable(table)
        page.addHeading("Settings")
        page.addSettings(configuration)
        return page
    }

    private var csv: String {
        let header = ["image", "class", "folderSays", "nearest"] + classNames.map { "probability of \($0)" }
        return CSV.text(
            [header]
                + guesses.map { guess in
                    [
                        guess.path, answer(guess), guess.trueClass.map { classNames[$0] } ?? "",
                        classNames[guess.predicted],
                    ] + guess.probabilities.map(numberText)
                })
    }

    private func picture(
        _ index: Int, of images: PreparedPictures, _ caption: String, mark: GalleryImage.Mark? = nil
    ) -> GalleryImage {
        GalleryImage(
            pixels: images.pixels[index].map { UInt8(($0 * 255).rounded()) }, channels: images.channels,
            height: images.height, width: images.width, caption: caption, mark: mark)
    }
}

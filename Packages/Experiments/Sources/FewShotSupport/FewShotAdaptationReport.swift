import Datasets
import Foundation
import Reporting
import RunSupport

/// What `few-shot adapt` shows and writes.
extension FewShotAdaptation {
    /// A row an image: the file, the guess, its probability, and whether it is right where that is known.
    package var table: Table {
        Table(
            columns: ["image", "class", "probability", "folder says"],
            rows: guesses.map { guess in
                [
                    guess.path, classNames[guess.predicted],
                    String(format: "%.3f", guess.probabilities[guess.predicted]),
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
            "codeVersion": .string(codeVersion),
        ]
        let summary: JSONValue = [
            "classes": .array(classNames.map(JSONValue.string)), "supportImages": .integer(support.imageCount),
            "queryImages": .integer(query.imageCount),
            "queryImagesOfKnownClass": .integer(known), "support": supportCount.json, "query": queryCount.json,
            "accuracy": accuracy.map(JSONValue.number) ?? .null,
            "batchNormalization": .string(FewShotConfiguration.batchNormalization),
        ]
        try folder.writeJSON(configuration, to: "configuration.json")
        try folder.write(csv, to: "predictions.csv")
        try folder.writeJSON(summary, to: "summary.json")

        var page = HTMLReport(
            title: "Guesses from a few examples",
            subtitle:
                "\(classNames.count) classes, \(support.imageCount) labelled images, "
                + "\(query.imageCount) to be told apart; "
                + "\(settings.method.rawValue), backbone \(settings.backbone.rawValue), K = \(settings.innerIterations)"
        )
        if let accuracy {
            page.addKeyFigures([
                ("accuracy", String(format: "%.1f %%", 100 * accuracy)), ("images of known class", "\(known)"),
            ])
        }
        page.addParagraph("Labelled: \(supportCount). To be told apart: \(queryCount).")
        page.addHeading("Guesses")
        page.addParagraph(
            "Pictures as the network sees them. Batch normalization: \(FewShotConfiguration.batchNormalization); "
                + "guesses are best when all query images come at once.")
        page.addGallery(
            guesses.enumerated().map { i, guess in
                let verdict =
                    guess.trueClass.map { $0 == guess.predicted ? ", right" : ", wrong: \(classNames[$0])" } ?? ""
                return picture(
                    i, of: query,
                    "\(guess.path): \(classNames[guess.predicted])"
                        + String(format: " (%.0f %%)", 100 * guess.probabilities[guess.predicted]) + verdict)
            })
        page.addHeading("What was labelled")
        page.addGallery(
            support.indices.map { i, label in picture(i, of: support, "\(classNames[label]): \(supportPaths[i])") })
        page.addHeading("Table")
        page.addTable(table)
        page.addSettings(summary, configuration)
        try folder.write(page.html, to: "report.html")
    }

    private var csv: String {
        let header = ["image", "class", "folderSays"] + classNames.map { "probability of \($0)" }
        return CSV.text(
            [header]
                + guesses.map { guess in
                    [guess.path, classNames[guess.predicted], guess.trueClass.map { classNames[$0] } ?? ""]
                        + guess.probabilities.map(numberText)
                })
    }

    private func picture(_ index: Int, of images: ImageClasses, _ caption: String) -> GalleryImage {
        GalleryImage(
            pixels: images.floats(of: [index]).map { UInt8(($0 * 255).rounded()) }, channels: images.channels,
            height: images.height, width: images.width, caption: caption)
    }
}

extension ImageClasses {
    /// Every image with its class.
    fileprivate var indices: [(image: Int, label: Int)] {
        (0..<classCount).flatMap { label in images(ofClass: label).map { ($0, label) } }
    }
}

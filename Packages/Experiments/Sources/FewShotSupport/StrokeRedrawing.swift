import Datasets
import Foundation
import Reporting
import RunSupport
import Tensors

/// Whether a person's drawings are drawn again with the training's pen, for networks that learned from strokes.
package enum StrokeTreatment: String, NamedSetting {
    /// Where they are much thicker or thinner.
    case auto
    case redraw, asIs = "as-is"
}

/// What was done about strokes of another pen than the training's.
///
/// A network that has seen one pen tells drawings of another badly apart. Redrawing costs what thinning loses, so that
/// pictures like the training's are left alone. The labelled pictures decide for all, so that a picture's answer does
/// not depend on those that are asked with it.
package struct StrokeRedrawing: Sendable {
    /// How many times as thick as the training's: medians.
    package let support: Double, query: Double
    package let isRedrawn: Bool
    /// Whether only the pictures to be told apart are of another pen.
    private let queryDiffersAlone: Bool

    /// Compares, and redraws where that is asked for or called for; nil where strokes are not looked at.
    /// - Parameters:
    ///   - pictures: as the network sees them, replaced where they are redrawn.
    ///   - trees: what they were read from.
    ///   - preparation: how.
    init?(
        _ pictures: inout (support: PreparedPictures, query: PreparedPictures), of trees: (FileTree, FileTree),
        _ preparation: ImagePreparation, _ treatment: StrokeTreatment, trainedWidth: Double
    ) throws {
        let size = ImagePreparation.Size(height: pictures.support.height, width: pictures.support.width),
            pen = StrokePen(width: trainedWidth, size: size), known = pen.thickness(pictures.support.pictures),
            asked = pen.thickness(pictures.query.pictures)
        guard let support = known.median, let query = asked.median else { return nil }
        (self.support, self.query) = (support, query)
        isRedrawn = treatment == .redraw || treatment == .auto && known.isOfAnotherPen
        queryDiffersAlone = !isRedrawn && treatment == .auto && asked.isOfAnotherPen
        guard isRedrawn else { return }

        var large = preparation
        large.size = pen.canvas
        func drawings(_ tree: FileTree, _ small: PreparedPictures) throws -> [RasterImage] {
            let images = try ImageClasses(
                contentsOf: tree, name: "drawings", preparation: large, cache: ImageCache(directory: nil))
            return (0..<images.classCount).flatMap(images.images(ofClass:)).map {
                small.turned[$0] ? images.picture($0).inverted() : images.picture($0)
            }
        }
        let labelled = try drawings(trees.0, pictures.support), width = pen.widthOnCanvas(for: labelled)
        pictures.support.replace(by: labelled.map { pen.redrawn($0, widthOnCanvas: width) })
        pictures.query.replace(
            by: try drawings(trees.1, pictures.query).map { pen.redrawn($0, widthOnCanvas: width) })
    }

    /// For the terminal and the report; nil where pictures are as they were and should be.
    func note(support supportPath: String, query queryPath: String) -> String? {
        if isRedrawn {
            return "\(supportPath): strokes \(Self.words(support)) the training's: redrawn with its pen, as those of "
                + "\(queryPath) (--strokes)"
        }
        guard queryDiffersAlone else { return nil }
        return "\(queryPath): strokes \(Self.words(query)) the training's, and not so in \(supportPath): left as they "
            + "are (--strokes redraw)"
    }

    private static func words(_ ratio: Double) -> String { String(format: "%.1f times as thick as", ratio) }

    var json: JSONValue {
        ["supportRatio": .number(support), "queryRatio": .number(query), "redrawn": .boolean(isRedrawn)]
    }
}

extension Checkpoint {
    /// How wide the strokes of its training are, in pixels of the network's pictures; nil where that is not known, or
    /// where it did not learn from strokes.
    func strokeWidth(_ dataset: FewShotDataset) -> Double? {
        guard dataset.learnsStrokes else { return nil }
        if let noted = notes["strokeWidth"].flatMap({ Double($0) }), noted.isFinite, noted > 0 { return noted }
        // Checkpoints that were made before it was measured.
        return dataset == .omniglot && notes["image"] == "1 x 28 x 28" ? 1.5 : nil
    }
}

extension FewShotDataset {
    /// Whether its pictures are strokes of 1 on a ground of 0.
    var learnsStrokes: Bool { self == .omniglot || self == .glyphs }
}

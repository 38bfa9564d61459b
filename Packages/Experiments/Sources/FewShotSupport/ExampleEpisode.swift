import Datasets
import Reporting

/// The first test episode as pictures: what was shown, and what was made of the rest.
struct ExampleEpisode: Sendable {
    let support: [GalleryImage], query: [GalleryImage]
    /// Right answers and all, among all of its pictures.
    let right: Int, asked: Int

    /// - Parameters:
    ///   - answers: a label for each picture of the query.
    ///   - names: of the classes, by label.
    ///   - limit: of pictures shown; wrong ones first.
    init(_ episode: Episode, of images: ImageClasses, answers: [Int], names: [String], limit: Int = 20) {
        func picture(_ index: Int, _ caption: String, _ mark: GalleryImage.Mark? = nil) -> GalleryImage {
            GalleryImage(
                pixels: images.floats(of: [index]).map { UInt8(($0 * 255).rounded()) }, channels: images.channels,
                height: images.height, width: images.width, caption: caption, mark: mark)
        }
        support = zip(episode.support, episode.supportLabels).prefix(50).map { picture($0, names[Int($1)]) }
        let isRight = zip(answers, episode.queryLabels).map { $0 == Int($1) }
        (right, asked) = (isRight.count { $0 }, isRight.count)
        // The wrong ones, then of each class the first, the second, …
        let perClass = max(episode.query.count / max(names.count, 1), 1)
        let order = isRight.indices.sorted { a, b in
            (isRight[a] ? 1 : 0, a % perClass, a) < (isRight[b] ? 1 : 0, b % perClass, b)
        }
        query = order.prefix(limit).map { i in
            let truth = names[Int(episode.queryLabels[i])]
            return picture(
                episode.query[i], isRight[i] ? truth : "\(truth), taken for \(names[answers[i]])",
                isRight[i] ? .right : .wrong)
        }
    }
}

/// What a folder or archive of pictures holds for whoever reads it: one count for training, adapting and reports.
public struct PictureCount: Sendable, Hashable {
    /// The folder or archive.
    public let place: String
    /// Folders that hold pictures directly, and pictures in them.
    public let classes: Int, pictures: Int
    /// What is not read, by kind.
    public let leftOut: LeftOut
}

extension PictureCount {
    /// What is not read, in one line with the place; nil where everything is.
    public var remark: String? { leftOut.summary.map { "\(place): \($0)" } }
}

extension PictureCount: CustomStringConvertible {
    /// In one line, `birds: 20 classes, 131 pictures; 3 entries not read: 3 hidden`.
    public var description: String {
        "\(place): \(classes) \(classes == 1 ? "class" : "classes"), \(pictures) "
            + "\(pictures == 1 ? "picture" : "pictures")" + (leftOut.summary.map { "; \($0)" } ?? "")
    }
}

extension FileTree {
    /// As many as `ImageClasses(contentsOf:…)` has.
    public var pictureCount: PictureCount {
        let folders = imageFolders
        return PictureCount(
            place: root, classes: folders.count, pictures: folders.reduce(0) { $0 + $1.pictures.count },
            leftOut: leftOutOfImages)
    }
}

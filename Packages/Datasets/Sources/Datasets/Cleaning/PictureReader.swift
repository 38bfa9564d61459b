import Dispatch

/// Reads pictures of any sizes as samples of one form.
struct PictureReader: Sendable {
    let height: Int, width: Int, channels: Int
    private let cacheDirectory: String?

    /// Pictures of one size up to this one keep it.
    static let largestKept = 64
    /// Others get this side.
    static let defaultSide = 32

    init(height: Int, width: Int, channels: Int, cacheDirectory: String?) {
        (self.height, self.width, self.channels, self.cacheDirectory) = (height, width, channels, cacheDirectory)
    }

    /// Chooses the form by the files' beginnings: without `side` the size that all have, if it is no larger than 64,
    /// else 32 x 32; grey if all are.
    init(
        for pictures: [BytePath], of tree: FileTree, side: Int?, isGrey: Bool, cacheDirectory: String?
    ) throws(DatasetError) {
        var size = side.map { (height: $0, width: $0) }, hasOneSize = side == nil, hasColour = false
        for start in stride(from: 0, to: pictures.count, by: 256) where hasOneSize || !(hasColour || isGrey) {
            for header in Self.headers(of: pictures[start..<min(start + 256, pictures.count)], of: tree) {
                guard let header else { continue }
                hasColour = hasColour || !header.isGrey
                guard hasOneSize else { continue }
                if size == nil { size = (header.height, header.width) }
                hasOneSize =
                    (header.height, header.width) == size! && max(header.height, header.width) <= Self.largestKept
            }
        }
        let keepsSize = side != nil || hasOneSize
        self.init(
            height: keepsSize ? size?.height ?? Self.defaultSide : Self.defaultSide,
            width: keepsSize ? size?.width ?? Self.defaultSide : Self.defaultSide,
            channels: isGrey || !hasColour ? 1 : 3, cacheDirectory: cacheDirectory)
    }

    var form: LabeledSamples.Form { .pictures(channels: channels, height: height, width: width) }

    /// The values of some pictures in the order given, from the cache if they are there.
    func values(of pictures: [BytePath], of tree: FileTree) throws(DatasetError) -> SampleValues {
        var preparation = ImagePreparation(channels: channels)
        preparation.size = .init(height: height, width: width)
        var digest = SHA256()
        digest.update(Array("\(tree.fingerprint) \(preparation.fingerprint)".utf8))
        for picture in pictures { digest.update(picture.bytes + [0]) }
        let folders = [FileTree.ImageFolder(path: BytePath([]), pictures: pictures)]
        let images = try ImageClasses(
            folders, of: tree, name: "clean", fingerprint: digest.finalized(), preparation: preparation,
            cache: ImageCache(directory: cacheDirectory))
        return .pixels(images.storage)
    }

    private static func headers(of pictures: ArraySlice<BytePath>, of tree: FileTree) -> [PictureHeader?] {
        [PictureHeader?](unsafeUninitializedCapacity: pictures.count) { buffer, initialized in
            // Each iteration writes its own element only.
            nonisolated(unsafe) let results = buffer.baseAddress!
            DispatchQueue.concurrentPerform(iterations: pictures.count) { i in
                // What cannot be read is named when it is decoded.
                let bytes = try? tree.contents(of: pictures[pictures.startIndex + i])
                (results + i).initialize(to: bytes.flatMap { PictureHeader($0) })
            }
            initialized = pictures.count
        }
    }
}

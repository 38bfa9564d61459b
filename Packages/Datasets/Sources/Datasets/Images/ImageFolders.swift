import Dispatch

extension FileTree {
    /// A folder that holds pictures directly: a class, whatever lies above it (`class/…`, `alphabet/character/…`,
    /// `train/class/…`).
    public struct ImageFolder: Sendable {
        /// Its path; empty for the root.
        public let path: BytePath
        /// Of the pictures.
        public let pictures: [BytePath]
    }

    /// Sorted by path: the classes and the images of `ImageClasses(contentsOf:…)`, in the same order.
    public var imageFolders: [ImageFolder] {
        var folders: [BytePath: [BytePath]] = [:]
        for path in paths where PictureFormat.endings.contains(path.ending) {
            folders[path.folder, default: []].append(path)
        }
        return folders.keys.sorted().map { ImageFolder(path: $0, pictures: folders[$0]!) }
    }

    /// All that is not read when images are: what the tree leaves out, and files of other formats.
    public var leftOutOfImages: LeftOut {
        var leftOut = leftOut
        for path in paths where !PictureFormat.endings.contains(path.ending) {
            if path.ending == "zip" { leftOut.count(.archives) } else { leftOut.countOtherFormat(path.ending) }
        }
        return leftOut
    }
}

extension ImageClasses {
    /// The classes of a folder or zip archive of PNG or JPEG files, each named by the path of its folder.
    public init(contentsOf tree: FileTree, name: String, preparation: ImagePreparation, cache: ImageCache)
        throws(DatasetError)
    {
        let folders = tree.imageFolders
        guard !folders.isEmpty else {
            let leftOut = tree.leftOutOfImages
            let archives = leftOut.counts[.archives] == nil ? "" : "; unpack the archives within, or name one of them"
            throw .missing(
                at: tree.root,
                "folders of PNG files expected, or JPEG, there is none"
                    + (leftOut.summary.map { " (\($0)\(archives))" } ?? ""))
        }
        var digest = SHA256()
        digest.update(Array("\(tree.fingerprint) \(preparation.fingerprint)".utf8))
        try self.init(
            folders, of: tree, name: name, fingerprint: digest.finalized(), preparation: preparation, cache: cache)
    }

    /// Some pictures of a tree, in the order given.
    /// - Parameter fingerprint: a SHA-256 that changes with the tree, with which pictures these are, and with how they
    ///   are prepared.
    init(
        _ folders: [FileTree.ImageFolder], of tree: FileTree, name: String, fingerprint: String,
        preparation: ImagePreparation, cache: ImageCache
    ) throws(DatasetError) {
        self = try cache.images(name: name, fingerprint: fingerprint) { (collector) throws(DatasetError) in
            for folder in folders {
                collector.beginClass(folder.path.description)
                // In parallel, a bounded number at a time; the order of the images is that of the paths.
                for start in stride(from: 0, to: folder.pictures.count, by: 256) {
                    let batch = Array(folder.pictures[start..<min(start + 256, folder.pictures.count)])
                    for (path, decoded) in zip(batch, Self.decode(batch, of: tree, preparation)) {
                        let image = try decoded.get()
                        try collector.append(
                            image.planes, channels: preparation.channels, height: image.height, width: image.width,
                            source: tree.description(of: path))
                    }
                }
            }
        }
    }

    private typealias Decoded = Result<(planes: [UInt8], height: Int, width: Int), DatasetError>

    private static func decode(_ paths: [BytePath], of tree: FileTree, _ preparation: ImagePreparation) -> [Decoded] {
        [Decoded](unsafeUninitializedCapacity: paths.count) { buffer, initialized in
            // Each iteration writes its own element only.
            nonisolated(unsafe) let results = buffer.baseAddress!
            DispatchQueue.concurrentPerform(iterations: paths.count) { i in
                (results + i).initialize(
                    to: Result { () throws(DatasetError) in
                        preparation.applied(
                            to: try Picture.decode(
                                try tree.contents(of: paths[i]), name: tree.description(of: paths[i])))
                    })
            }
            initialized = paths.count
        }
    }
}

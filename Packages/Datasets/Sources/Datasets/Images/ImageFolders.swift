import Dispatch

extension FileTree {
    /// A folder that holds PNG files directly: a class, whatever lies above it (`class/…`, `alphabet/character/…`,
    /// `train/class/…`).
    public struct ImageFolder: Sendable {
        /// Its path; empty for the root.
        public let name: String
        public let paths: [String]
    }

    /// Sorted by name: the classes and the images of `ImageClasses(contentsOf:…)`, in the same order.
    public var imageFolders: [ImageFolder] {
        var folders: [String: [String]] = [:]
        for path in paths where path.lowercased().hasSuffix(".png") {
            folders[path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "", default: []].append(path)
        }
        return folders.keys.sorted().map { ImageFolder(name: $0, paths: folders[$0]!) }
    }
}

extension ImageClasses {
    /// The classes of a folder or zip archive of PNG files, each named by the path of its folder.
    public init(contentsOf tree: FileTree, name: String, preparation: ImagePreparation, cache: ImageCache)
        throws(DatasetError)
    {
        let folders = tree.imageFolders
        guard !folders.isEmpty else { throw .missing(at: tree.root, "folders of PNG files expected, there is none") }
        var digest = SHA256()
        digest.update(Array("\(tree.fingerprint) \(preparation.fingerprint)".utf8))
        self = try cache.images(name: name, fingerprint: digest.finalized()) { (collector) throws(DatasetError) in
            for folder in folders {
                collector.beginClass(folder.name)
                // In parallel, a bounded number at a time; the order of the images is that of the paths.
                for start in stride(from: 0, to: folder.paths.count, by: 256) {
                    let batch = folder.paths[start..<min(start + 256, folder.paths.count)].map { $0 }
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

    private static func decode(_ paths: [String], of tree: FileTree, _ preparation: ImagePreparation) -> [Decoded] {
        [Decoded](unsafeUninitializedCapacity: paths.count) { buffer, initialized in
            // Each iteration writes its own element only.
            nonisolated(unsafe) let results = buffer.baseAddress!
            DispatchQueue.concurrentPerform(iterations: paths.count) { i in
                (results + i).initialize(
                    to: Result { () throws(DatasetError) in
                        preparation.applied(
                            to: try PNG.decode(try tree.contents(of: paths[i]), name: tree.description(of: paths[i])))
                    })
            }
            initialized = paths.count
        }
    }
}

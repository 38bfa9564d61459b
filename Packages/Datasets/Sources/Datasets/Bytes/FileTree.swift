#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The files of a folder or of a zip archive, by their paths: images are read from either alike.
///
/// Archives that lie directly in a folder count as if they were unpacked there, so a folder with Omniglot's two zip
/// files is read as it was downloaded. A file on disk hides one of the same path in an archive, an archive those after
/// it. What is left out is counted.
public struct FileTree: Sendable {
    private enum Place: Sendable {
        case disk(BytePath)
        case archive(Int)
    }

    /// The path as it was given.
    public let root: String
    /// Relative paths, sorted.
    public let paths: [BytePath]
    /// Hidden files, system files and what else was found and does not count as a file of the tree.
    public let leftOut: LeftOut
    /// Changes when any file does: names and checksums of archives; paths, sizes and modification times of files on
    /// disk.
    public let fingerprint: String
    private let places: [BytePath: Place]
    private let archives: [ZipArchive]

    /// A folder, read with all below it, or a zip archive.
    /// - Throws: `DatasetError` where it is neither.
    public init(path: String) throws(DatasetError) {
        root = path
        let rootPath = BytePath(path)
        var status = stat()
        guard rootPath.withCString({ stat($0, &status) }) == 0 else {
            let isLink = rootPath.withCString { lstat($0, &status) } == 0
            throw .missing(
                at: path,
                "a folder or a zip archive expected, " + (isLink ? "the link leads nowhere" : "it is not there"))
        }
        var places: [BytePath: Place] = [:], archives: [ZipArchive] = [], digest = SHA256(), leftOut = LeftOut()
        if status.st_mode & S_IFMT == S_IFDIR {
            let walk = try FolderWalk(root: rootPath)
            leftOut = walk.leftOut
            for file in walk.files {
                let place = rootPath.appending(file.path)
                if file.path.ending == "zip", file.path.components.count == 1 {
                    archives.append(try ZipArchive(file: MappedFile(place)))
                } else {
                    places[file.path] = .disk(place)
                    digest.update(file.path.bytes + Array("\0\(file.size)\0\(file.modified)\0".utf8))
                }
            }
        } else {
            archives = [try ZipArchive(path: path)]
        }
        for (index, archive) in archives.enumerated() {
            digest.update(Array(archive.hash.utf8))
            leftOut.add(archive.leftOut)
            for path in archive.paths {
                if let kind = path.components.lazy.compactMap(FolderWalk.reasonToSkip).first {
                    leftOut.count(kind)
                } else if places[path] == nil {
                    places[path] = .archive(index)
                } else {
                    leftOut.count(.hiddenByOthers)
                }
            }
        }
        self.places = places
        self.archives = archives
        self.leftOut = leftOut
        paths = places.keys.sorted()
        fingerprint = digest.finalized()
    }

    /// The bytes of a file in it.
    public func contents(of path: BytePath) throws(DatasetError) -> [UInt8] {
        switch places[path] {
        case .archive(let index): return try archives[index].contents(of: path)
        case .disk(let file): return try MappedFile.contents(of: file)
        case nil: throw .missing(at: root, "\(path) expected, it is not there")
        }
    }

    /// How a file is called in messages.
    public func description(of path: BytePath) -> String {
        switch places[path] {
        case .archive(let index): "\(archives[index].path), entry \(path)"
        default: "\(root)/\(path)"
        }
    }
}

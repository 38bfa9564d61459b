#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// All regular files below a folder, by their names' bytes. Symbolic links are followed, into folders too, but not back
/// into a folder that they lie in.
///
/// What cannot be read is an error that names it: a link that leads nowhere, a folder without permission.
struct FolderWalk {
    struct File {
        /// Below the root.
        let path: BytePath
        let size: Int
        /// Nanoseconds since 1970.
        let modified: Int
    }

    /// Sorted by path.
    private(set) var files: [File] = []
    private(set) var leftOut = LeftOut()
    private let root: BytePath

    /// Folders in folders beyond this depth are links that multiply, or a mistake.
    private static let maximumDepth = 100, maximumFiles = 20_000_000

    private struct Identity: Equatable {
        let device: UInt64, inode: UInt64

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
        }
    }

    init(root: BytePath) throws(DatasetError) {
        self.root = root
        var status = stat()
        guard root.withCString({ stat($0, &status) }) == 0 else {
            throw .missing(at: root.description, "a folder expected, \(Self.reason(errno))")
        }
        try read(BytePath([]), ancestors: [Identity(status)])
        files.sort { $0.path < $1.path }
    }

    /// Whether a name is left out unseen, and why.
    static func reasonToSkip(_ name: BytePath) -> LeftOut.Kind? {
        if name.bytes.first == UInt8(ascii: ".") { return .hidden }
        if name.bytes == Array("__MACOSX".utf8) { return .macOSDoubles }
        if thumbnailNames.contains(where: name.isName) { return .thumbnails }
        if systemNames.contains(where: name.isName) { return .systemFolders }
        return nil
    }

    private static let thumbnailNames = ["Thumbs.db", "desktop.ini", "ehthumbs.db", "ehthumbs_vista.db"]
    private static let systemNames = [
        "@eaDir", "#recycle", "@Recycle", "$RECYCLE.BIN", "RECYCLER", "System Volume Information", "lost+found",
    ]

    private mutating func read(_ folder: BytePath, ancestors: [Identity]) throws(DatasetError) {
        let place = root.appending(folder)
        guard ancestors.count <= Self.maximumDepth else {
            throw .unsupported(at: place.description, "at most \(Self.maximumDepth) folders in each other expected")
        }
        var holdsNothing = !folder.isEmpty
        for name in try Self.names(in: place) {
            if let kind = Self.reasonToSkip(name) {
                leftOut.count(kind)
                continue
            }
            holdsNothing = false
            let path = folder.appending(name)
            var status = stat()
            guard root.appending(path).withCString({ stat($0, &status) }) == 0 else {
                // An entry of a folder that cannot be examined: almost always a link without a target.
                throw .missing(
                    at: root.appending(path).description,
                    "a file or folder expected, the link leads nowhere or cannot be followed (\(Self.reason(errno)))")
            }
            switch status.st_mode & S_IFMT {
            case S_IFREG:
                guard files.count < Self.maximumFiles else {
                    throw .unsupported(at: root.description, "at most \(Self.maximumFiles) files expected")
                }
                files.append(
                    File(
                        path: path, size: Int(status.st_size),
                        modified: Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)))
            case S_IFDIR:
                if ancestors.contains(Identity(status)) {
                    leftOut.count(.linksBack)
                } else {
                    try read(path, ancestors: ancestors + [Identity(status)])
                }
            default: leftOut.count(.specialFiles)
            }
        }
        if holdsNothing { leftOut.count(.emptyFolders) }
    }

    /// The names in a folder but `.` and `..`, sorted.
    static func names(in folder: BytePath) throws(DatasetError) -> [BytePath] {
        guard let stream = folder.withCString({ opendir($0) }) else {
            let kind = errno == ENOENT ? DatasetError.missing : DatasetError.unreadable
            throw kind(folder.description, "a folder that can be read expected, \(reason(errno))")
        }
        defer { closedir(stream) }
        var names: [BytePath] = []
        errno = 0
        while let entry = readdir(stream) {
            let start = MemoryLayout<dirent>.offset(of: \dirent.d_name)!, bytes = UnsafeRawPointer(entry) + start
            let name = BytePath(
                Array(UnsafeRawBufferPointer(start: bytes, count: strlen(bytes.assumingMemoryBound(to: CChar.self)))))
            if name.bytes != [46], name.bytes != [46, 46] { names.append(name) }
            errno = 0
        }
        guard errno == 0 else {
            throw .unreadable(at: folder.description, "a folder that can be read to its end expected, \(reason(errno))")
        }
        return names.sorted()
    }

    static func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT: "it is not there"
        case EACCES, EPERM: "permission is denied"
        case ELOOP: "it leads to itself"
        case ENOTDIR: "it is no folder"
        default: String(cString: strerror(code))
        }
    }
}

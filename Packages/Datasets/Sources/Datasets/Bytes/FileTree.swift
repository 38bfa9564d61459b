import Foundation

/// The files of a folder or of a zip archive, by their paths: images are read from either alike.
///
/// Archives that lie directly in a folder count as if they were unpacked there, so a folder with Omniglot's two zip
/// files is read as it was downloaded. A file on disk hides one of the same path in an archive.
public struct FileTree: Sendable {
    private enum Place: Sendable {
        case disk(String)
        case archive(Int)
    }

    public let root: String
    /// Relative paths, sorted; hidden files and macOS's `__MACOSX` doubles are left out.
    public let paths: [String]
    /// Changes when any file does: names and checksums of archives; paths, sizes and modification times of files on
    /// disk.
    public let fingerprint: String
    private let places: [String: Place]
    private let archives: [ZipArchive]

    public init(path: String) throws(DatasetError) {
        root = path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .missing(at: path, "a folder or a zip archive expected, it is not there")
        }
        var places: [String: Place] = [:], archives: [ZipArchive] = [], digest = SHA256()
        if isFolder.boolValue {
            for file in try Self.files(below: path) {
                if file.path.hasSuffix(".zip"), !file.path.contains("/") {
                    archives.append(try ZipArchive(path: "\(path)/\(file.path)"))
                } else {
                    places[file.path] = .disk("\(path)/\(file.path)")
                    digest.update(Array("\(file.path)\0\(file.size)\0\(file.modified)\0".utf8))
                }
            }
        } else {
            archives = [try ZipArchive(path: path)]
        }
        for (index, archive) in archives.enumerated() {
            digest.update(Array(archive.hash.utf8))
            for name in archive.names where places[name] == nil && !Self.isHidden(name) {
                places[name] = .archive(index)
            }
        }
        self.places = places
        self.archives = archives
        paths = places.keys.sorted()
        fingerprint = digest.finalized()
    }

    public func contents(of path: String) throws(DatasetError) -> [UInt8] {
        switch places[path] {
        case .archive(let index): return try archives[index].contents(of: path)
        case .disk(let file): return try MappedFile.contents(of: file)
        case nil: throw .missing(at: root, "\(path) expected, it is not there")
        }
    }

    /// How a file is called in messages.
    public func description(of path: String) -> String {
        switch places[path] {
        case .archive(let index): "\(archives[index].path), entry \(path)"
        default: "\(root)/\(path)"
        }
    }

    private static func isHidden(_ path: String) -> Bool {
        path.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "__MACOSX" }
    }

    private static func files(below root: String) throws(DatasetError) -> [(path: String, size: Int, modified: Int)] {
        guard let enumerator = FileManager.default.enumerator(atPath: root) else {
            throw .unreadable(at: root, "the folder cannot be read")
        }
        var files: [(path: String, size: Int, modified: Int)] = []
        while let path = enumerator.nextObject() as? String {
            guard !isHidden(path) else { continue }
            var status = stat()
            // stat follows links: a link to a file is that file; links to folders are not descended into.
            guard stat("\(root)/\(path)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            files.append(
                (path, Int(status.st_size), Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)))
        }
        return files.sorted { $0.path < $1.path }
    }
}

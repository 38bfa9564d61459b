import Foundation

/// What a path given as data holds, by its content.
enum DataKind: Sendable, Hashable {
    case pictures, idx, array
    case cifar(classCount: Int)

    private static let expected =
        "a folder, a zip archive, a CSV of file names and labels, or features as .npy or safetensors expected"

    init(of path: String) throws(DatasetError) {
        try Self.expect(Self.expected, at: path)
        guard Self.isFile(path) else {
            let names = (try? FolderWalk.names(in: BytePath(path)).map(\.description)) ?? []
            if names.contains(where: { $0.hasPrefix("train-images") || $0.hasPrefix("t10k-images") }) {
                self = .idx
            } else if names.contains(where: { $0.hasPrefix("data_batch") || $0.hasPrefix("test_batch") }) {
                self = .cifar(classCount: 10)
            } else if names.contains("train.bin") || names.contains("test.bin") {
                self = .cifar(classCount: 100)
            } else {
                self = .pictures
            }
            return
        }
        let file = try MappedFile(path: path), kind = ContentKind(file[0..<min(file.count, 512)])
        switch kind {
        case .numpy: self = .array
        case .zip where !path.hasSuffix(".npz"): self = .pictures
        case nil where Self.isTable(path), .json where Self.isTable(path): self = .pictures
        case nil where SafetensorsFile.isLikely(file): self = .array
        default:
            throw .unsupported(
                at: path,
                "\(Self.expected), this is " + Self.found(path, kind))
        }
    }

    private static func found(_ path: String, _ kind: ContentKind?) -> String {
        path.hasSuffix(".npz") ? "an .npz archive: save its array by numpy.save" : kind?.rawValue ?? "another file"
    }

    /// That something is there.
    static func expect(_ what: String, at path: String) throws(DatasetError) {
        guard FileManager.default.fileExists(atPath: path) else { throw .missing(at: path, "\(what), it is not there") }
    }

    static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    /// Whether it is a file of a table, by its ending.
    static func isTable(_ path: String) -> Bool {
        ["csv", "tsv"].contains(BytePath(path).ending) && isFile(path)
    }

    /// The folder that a file lies in.
    static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// What a file is by its first bytes, for errors: people download pages, pointers and archives in place of data.
enum ContentKind: String {
    case empty = "an empty file"
    case html = "an HTML page"
    case xml = "an XML or SVG file"
    case pointer = "a Git LFS pointer: the file itself was not fetched"
    case gzip = "gzip"
    case zip = "a zip archive"
    case xz = "xz"
    case bzip2 = "bzip2"
    case zstandard = "Zstandard"
    case sevenZip = "a 7-Zip archive"
    case rar = "a RAR archive"
    case tar = "a tar archive"
    case pdf = "a PDF file"
    case png = "a PNG picture"
    case jpeg = "a JPEG picture"
    case hdf5 = "an HDF5 file"
    case numpy = "a NumPy .npy file"
    case json = "a JSON or text file"

    /// - Parameter bytes: of a file's beginning, 512 where there are so many.
    init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes.prefix(512))
        guard !bytes.isEmpty else {
            self = .empty
            return
        }
        if let match = Self.signatures.first(where: { bytes.starts(with: $0.bytes) }) {
            self = match.kind
            return
        }
        if bytes.count >= 262, bytes[257..<262].elementsEqual("ustar".utf8) {
            self = .tar
            return
        }
        // Text may begin with white space and a byte-order mark.
        let text = bytes.drop { [9, 10, 13, 32, 0xEF, 0xBB, 0xBF].contains($0) }.prefix(64)
            .map { 65...90 ~= $0 ? $0 + 32 : $0 }
        guard let match = Self.beginnings.first(where: { text.starts(with: $0.text.utf8) }) else { return nil }
        self = match.kind
    }

    private static let signatures: [(bytes: [UInt8], kind: ContentKind)] = [
        (Array("version https://git-lfs".utf8), .pointer), ([0x1F, 0x8B], .gzip), (Array("PK\u{3}\u{4}".utf8), .zip),
        (Array("PK\u{5}\u{6}".utf8), .zip), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], .xz), (Array("BZh".utf8), .bzip2),
        ([0x28, 0xB5, 0x2F, 0xFD], .zstandard), ([0x37, 0x7A, 0xBC, 0xAF], .sevenZip), (Array("Rar!".utf8), .rar),
        (Array("%PDF".utf8), .pdf), ([0x89, 0x50, 0x4E, 0x47], .png), ([0xFF, 0xD8, 0xFF], .jpeg),
        ([0x89, 0x48, 0x44, 0x46], .hdf5), ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], .numpy),
    ]

    private static let beginnings: [(text: String, kind: ContentKind)] = [
        ("<!doctype html", .html), ("<html", .html), ("<head", .html), ("<body", .html), ("<?xml", .xml),
        ("<svg", .xml), ("{", .json), ("[", .json),
    ]
}

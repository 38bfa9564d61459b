/// A text file's content: UTF-8, with or without a byte-order mark. UTF-16, which some spreadsheets write, is named.
enum TextFile {
    /// The text's bytes behind a byte-order mark.
    static func bytes(of path: String) throws(DatasetError) -> [UInt8] {
        try text(try MappedFile.contents(of: path), at: path)
    }

    static func text(of path: String) throws(DatasetError) -> String {
        String(decoding: try bytes(of: path), as: UTF8.self)
    }

    /// The text's bytes behind a byte-order mark, of a file's content.
    /// - Parameter place: stands in errors; the file's path.
    static func text(_ bytes: [UInt8], at place: String) throws(DatasetError) -> [UInt8] {
        let isUTF16 =
            bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
            // Without a mark: every other byte of the beginning is 0.
            || bytes.count >= 4 && (bytes[0] == 0 && bytes[2] == 0 || bytes[1] == 0 && bytes[3] == 0)
        guard !isUTF16 else {
            throw .unsupported(
                at: place, "text in UTF-8 expected, this is UTF-16: save it as \"CSV UTF-8\" or as UTF-8")
        }
        return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes[3...]) : bytes
    }
}

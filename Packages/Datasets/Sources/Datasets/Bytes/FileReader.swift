import CZlib

/// Reads a file from front to back, decompressing it on the way if it is gzip: whole files are never held compressed.
final class FileReader {
    let path: String
    /// Bytes of content read so far.
    private(set) var offset = 0
    private let file: gzFile

    init(path: String) throws(DatasetError) {
        self.path = path
        guard let file = gzopen(path, "rb") else {
            throw .missing(at: path, "the file is missing or cannot be read")
        }
        gzbuffer(file, 1 << 18)
        self.file = file
    }

    deinit { gzclose(file) }

    /// Exactly `count` bytes.
    /// - Parameter what: named in the error when the file ends before.
    func read(_ count: Int, _ what: String) throws(DatasetError) -> [UInt8] {
        var failed = false, received = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while received < count {
                let n = gzread(file, buffer.baseAddress! + received, UInt32(min(count - received, 1 << 30)))
                if n <= 0 {
                    failed = n < 0
                    break
                }
                received += Int(n)
            }
            initialized = received
        }
        offset += received
        try check(failed: failed)
        guard received == count else {
            throw .damaged(
                at: path,
                "\(what): \(count) bytes expected at byte \(offset - received), the file has "
                    + "\(received)")
        }
        return bytes
    }

    func readInteger(_ what: String) throws(DatasetError) -> Int { try read(4, what).reduce(0) { $0 << 8 | Int($1) } }

    /// Fails unless the content ends here, with an intact gzip trailer.
    func expectEnd() throws(DatasetError) {
        var byte: UInt8 = 0
        let n = gzread(file, &byte, 1)
        try check(failed: n < 0)
        guard n == 0 else { throw .damaged(at: path, "the content should end at byte \(offset), but more follows") }
    }

    private func check(failed: Bool) throws(DatasetError) {
        var code: Int32 = 0
        let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
        if failed || code == Z_BUF_ERROR || code == Z_DATA_ERROR {
            throw .damaged(
                at: path,
                "an intact gzip stream expected; it is damaged or cut off after byte \(offset) of "
                    + "its content (\(message))"
            )
        }
    }
}

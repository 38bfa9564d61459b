import CZlib

/// Reads a file from front to back, decompressing it on the way if it is gzip (RFC 1952), in whatever number of
/// members.
///
/// Zeros may pad the last member, as tapes and some downloads do; anything else behind it is an error. Memory grows
/// with what has been read, not with what a header claims.
final class ContentReader {
    let path: String
    /// Bytes of content read so far.
    private(set) var offset = 0
    private let file: MappedFile
    private var position = 0
    /// Nil for a file that is not compressed. At a fixed address: zlib's state points back to it.
    private let stream: UnsafeMutablePointer<z_stream>?
    private var isBetweenMembers = false

    init(path: String) throws(DatasetError) {
        self.path = path
        file = try MappedFile(path: path)
        guard file.count >= 2, file[0] == 0x1F, file[1] == 0x8B else {
            stream = nil
            return
        }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        self.stream = stream
        guard inflateInit2_(stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .unreadable(at: path, "memory for zlib expected, there is none")
        }
    }

    deinit {
        inflateEnd(stream)
        stream?.deallocate()
    }

    var isCompressed: Bool { stream != nil }

    /// Exactly `count` bytes.
    /// - Parameter what: named in the error when the file ends before.
    func read(_ count: Int, _ what: String) throws(DatasetError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try piece(atMost: min(count - bytes.count, 1 << 22))
            guard !piece.isEmpty else {
                throw .damaged(
                    at: path, "\(what): \(count) bytes expected at byte \(offset), the file has \(bytes.count)")
            }
            if bytes.isEmpty, piece.count == count { bytes = piece } else { bytes += piece }
        }
        offset += count
        return bytes
    }

    func readInteger(_ what: String) throws(DatasetError) -> Int { try read(4, what).reduce(0) { $0 << 8 | Int($1) } }

    /// The first bytes of the content, which are then read again; for saying what a file is.
    static func beginning(of path: String) throws(DatasetError) -> [UInt8] {
        let reader = try ContentReader(path: path)
        return (try? reader.piece(atMost: 512)) ?? []
    }

    /// Fails unless the content ends here, with an intact gzip trailer.
    func expectEnd() throws(DatasetError) {
        guard try piece(atMost: 1).isEmpty else {
            throw .damaged(at: path, "the content should end at byte \(offset), but more follows")
        }
    }

    /// Some bytes, none at the end.
    private func piece(atMost limit: Int) throws(DatasetError) -> [UInt8] {
        guard let stream else {
            let range = position..<min(position + limit, file.count)
            position = range.upperBound
            return file[range]
        }
        while true {
            if isBetweenMembers {
                guard try beginMember() else { return [] }
            }
            let bytes = try inflated(stream, atMost: limit)
            if !bytes.isEmpty { return bytes }
        }
    }

    /// Whether another member follows the one that has ended.
    private func beginMember() throws(DatasetError) -> Bool {
        if position + 1 < file.count, file[position] == 0x1F, file[position + 1] == 0x8B {
            inflateReset(stream)
            isBetweenMembers = false
            return true
        }
        let isZero = file.withBytes(position..<file.count) { rest in rest.allSatisfy { $0 == 0 } }
        guard isZero else {
            throw .damaged(
                at: path,
                "the end of the file expected behind the gzip stream, at byte \(position) of \(file.count); "
                    + "other bytes follow")
        }
        return false
    }

    private func inflated(_ stream: UnsafeMutablePointer<z_stream>, atMost limit: Int) throws(DatasetError) -> [UInt8] {
        var status = Z_OK
        let end = min(file.count, position + 1 << 30)
        let bytes = file.withBytes(position..<end) { source in
            [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
                stream.pointee.avail_in = UInt32(source.count)
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(limit)
                status = inflate(stream, Z_NO_FLUSH)
                position += source.count - Int(stream.pointee.avail_in)
                initialized = limit - Int(stream.pointee.avail_out)
            }
        }
        if status == Z_STREAM_END { isBetweenMembers = true }
        // Z_BUF_ERROR, or nothing made from nothing left: the input ended within a member.
        let isCutOff = status != Z_STREAM_END && bytes.isEmpty && position == file.count
        guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR, !isCutOff else {
            let message = stream.pointee.msg.map { String(cString: $0) } ?? "unexpected end of file"
            throw .damaged(
                at: path,
                "an intact gzip stream expected; it is damaged or cut off after byte \(offset + bytes.count) of its "
                    + "content (\(message))")
        }
        return bytes
    }
}

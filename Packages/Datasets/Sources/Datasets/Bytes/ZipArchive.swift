import CZlib

/// A zip archive read in place: its directory is parsed once, each entry is decompressed when asked for, and nothing is
/// ever unpacked to disk. Stored and deflated entries; one of another kind is an error when it is asked for.
public struct ZipArchive: Sendable {
    /// As it was given.
    public let path: String
    /// The files' paths, sorted.
    public let paths: [BytePath]
    /// SHA-256 of the directory: every name, size and checksum, so any changed content changes it.
    public let hash: String
    /// Links within the archive: what they lead to is not looked for.
    public let leftOut: LeftOut
    private let file: MappedFile
    private let entries: [BytePath: ZipDirectory.Entry]
    /// Paths that several entries have.
    private let ambiguous: Set<BytePath>
    /// A damaged or hostile entry must not ask for more.
    private let maximumEntrySize: Int

    /// Reads the list of entries.
    /// - Parameter maximumEntrySize: bytes that an entry may have unpacked.
    public init(path: String, maximumEntrySize: Int = 1 << 29) throws(DatasetError) {
        try self.init(file: MappedFile(path: path), maximumEntrySize: maximumEntrySize)
    }

    init(file: MappedFile, maximumEntrySize: Int = 1 << 29) throws(DatasetError) {
        self.file = file
        path = file.path
        self.maximumEntrySize = maximumEntrySize
        let directory = try ZipDirectory(of: file)
        var digest = SHA256()
        digest.update(file[directory.range])
        hash = digest.finalized()

        var entries: [BytePath: ZipDirectory.Entry] = [:], ambiguous: Set<BytePath> = [], leftOut = LeftOut()
        for (path, entry) in directory.entries where path.bytes.last != UInt8(ascii: "/") && !path.isEmpty {
            if entry.isLink {
                leftOut.count(.specialFiles)
            } else if entries.updateValue(entry, forKey: path) != nil {
                ambiguous.insert(path)
            }
        }
        self.entries = entries
        self.ambiguous = ambiguous
        self.leftOut = leftOut
        paths = entries.keys.sorted()
    }

    /// The content of one file, its checksum verified.
    public func contents(of name: BytePath) throws(DatasetError) -> [UInt8] {
        guard let entry = entries[name] else {
            throw .missing(at: path, "\(name) expected in the archive, it is not there")
        }
        guard !ambiguous.contains(name) else {
            throw .inconsistent(at: path, "one entry of each name expected, \(name) is there twice")
        }
        let place = "\(path), entry \(name)"
        guard !entry.isEncrypted else {
            throw .unsupported(at: path, "entries without encryption expected, \(name) is encrypted")
        }
        guard entry.method == 0 || entry.method == 8 else {
            throw .unsupported(
                at: place, "method 0 (stored) or 8 (deflated) expected, got \(Self.describe(method: entry.method))")
        }
        guard entry.size <= maximumEntrySize else {
            throw .unsupported(at: place, "at most \(maximumEntrySize) bytes expected, it claims \(entry.size)")
        }
        let range = try contentRange(of: entry, place), content: [UInt8]
        if entry.method == 8 {
            content = try file.withBytes(range) { source throws(DatasetError) in
                try Self.inflated(source, size: entry.size, place)
            }
        } else {
            guard entry.compressedSize == entry.size else {
                throw .damaged(at: place, "a stored entry of \(entry.size) bytes expected, got \(entry.compressedSize)")
            }
            content = file[range]
        }
        guard UInt32(truncatingIfNeeded: crc32_z(0, content, content.count)) == entry.checksum else {
            throw .damaged(at: place, "the checksum differs, the archive is damaged")
        }
        return content
    }

    private func contentRange(of entry: ZipDirectory.Entry, _ place: String) throws(DatasetError) -> Range<Int> {
        guard file.integer(at: entry.headerOffset, width: 4) == 0x0403_4b50,
            let nameLength = file.integer(at: entry.headerOffset + 26, width: 2),
            let extraLength = file.integer(at: entry.headerOffset + 28, width: 2)
        else { throw .damaged(at: place, "a local header expected at byte \(entry.headerOffset)") }
        let start = entry.headerOffset + 30 + nameLength + extraLength
        guard start <= file.count, entry.compressedSize <= file.count - start else {
            throw .damaged(at: place, "the archive ends within it")
        }
        return start..<(start + entry.compressedSize)
    }

    private static func describe(method: Int) -> String {
        switch method {
        case 9: "9 (Deflate64)"
        case 12: "12 (bzip2)"
        case 14: "14 (LZMA)"
        case 93: "93 (Zstandard)"
        case 95: "95 (xz)"
        case 99: "99 (AES encryption)"
        default: "\(method)"
        }
    }

    /// Raw deflate data of known decompressed size.
    private static func inflated(_ source: UnsafeRawBufferPointer, size: Int, _ place: String) throws(DatasetError)
        -> [UInt8]
    {
        // Deflate makes at most 1,032 bytes of one: what claims more is damaged, and gets no memory.
        guard source.count <= Int(UInt32.max), size / 1032 <= source.count else {
            throw .damaged(
                at: place, "\(size) bytes of deflated data expected, got \(source.count) bytes to make them from")
        }
        var stream = z_stream()
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .unreadable(at: place, "memory for zlib expected, there is none")
        }
        defer { inflateEnd(&stream) }
        var status = Z_OK
        // One byte more than promised, so that a longer stream is noticed.
        let content = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, initialized in
            stream.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(source.count)
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(size + 1)
            status = inflate(&stream, Z_FINISH)
            initialized = size + 1 - Int(stream.avail_out)
        }
        guard status == Z_STREAM_END, content.count == size else {
            throw .damaged(at: place, "\(size) bytes of deflated data expected, the stream is damaged")
        }
        return content
    }
}

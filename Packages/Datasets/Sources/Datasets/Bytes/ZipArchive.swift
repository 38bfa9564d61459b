import CZlib

/// A zip archive read in place: its directory is parsed once, each entry is decompressed when asked for, and nothing is
/// ever unpacked to disk. Stored and deflated entries, with the 64-bit extensions (PKWARE, APPNOTE.TXT 6.3).
public struct ZipArchive: Sendable {
    struct Entry: Sendable {
        let compressedSize: Int, size: Int, headerOffset: Int
        let isDeflated: Bool
        let checksum: UInt32
    }

    public let path: String
    /// The files' names, sorted.
    public let names: [String]
    /// SHA-256 of the directory: every name, size and checksum, so any changed content changes it.
    public let hash: String
    private let file: MappedFile
    private let entries: [String: Entry]
    /// A damaged or hostile entry must not ask for more.
    private let maximumEntrySize: Int

    public init(path: String, maximumEntrySize: Int = 1 << 30) throws(DatasetError) {
        file = try MappedFile(path: path)
        self.path = path
        self.maximumEntrySize = maximumEntrySize
        let directory = try Self.directory(of: file)
        var digest = SHA256()
        digest.update(file[directory.start..<directory.end])
        hash = digest.finalized()

        var entries: [String: Entry] = [:], offset = directory.start
        for index in 0..<directory.count {
            let (name, entry, next) = try Self.entry(in: file, at: offset, index)
            offset = next
            guard let entry else { continue }
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw .inconsistent(at: path, "one entry of each name expected, \(name) is there twice")
            }
        }
        self.entries = entries
        names = entries.keys.sorted()
    }

    /// The content of one file, its checksum verified.
    public func contents(of name: String) throws(DatasetError) -> [UInt8] {
        guard let entry = entries[name] else {
            throw .missing(at: path, "\(name) expected in the archive, it is not there")
        }
        let place = "\(path), entry \(name)"
        guard file.integer(at: entry.headerOffset, width: 4) == 0x0403_4b50,
            let nameLength = file.integer(at: entry.headerOffset + 26, width: 2),
            let extraLength = file.integer(at: entry.headerOffset + 28, width: 2)
        else { throw .damaged(at: place, "a local header expected at byte \(entry.headerOffset)") }
        let start = entry.headerOffset + 30 + nameLength + extraLength
        guard start <= file.count, entry.compressedSize <= file.count - start else {
            throw .damaged(at: place, "the archive ends within it")
        }
        guard entry.size <= maximumEntrySize else {
            throw .unsupported(at: place, "at most \(maximumEntrySize) bytes expected, it claims \(entry.size)")
        }
        let range = start..<(start + entry.compressedSize), content: [UInt8]
        if entry.isDeflated {
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

    /// Raw deflate data of known decompressed size.
    private static func inflated(_ source: UnsafeRawBufferPointer, size: Int, _ place: String) throws(DatasetError)
        -> [UInt8]
    {
        guard source.count <= Int(UInt32.max), size <= Int(UInt32.max) else {
            throw .unsupported(at: place, "a deflated entry below 4 GiB expected")
        }
        var stream = z_stream()
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .unreadable(at: place, "out of memory")
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

    /// Where the central directory lies, from the record at the archive's end (which a comment of up to 65,535 bytes
    /// may follow).
    private static func directory(of file: MappedFile) throws(DatasetError) -> (start: Int, end: Int, count: Int) {
        var end = file.count - 22
        while end >= 0, end >= file.count - 22 - 65_535, file.integer(at: end, width: 4) != 0x0605_4b50 { end -= 1 }
        guard end >= 0, file.integer(at: end, width: 4) == 0x0605_4b50 else {
            throw .damaged(at: file.path, "a zip archive expected, its end record is missing (cut off?)")
        }
        var count = file.integer(at: end + 10, width: 2)!, size = file.integer(at: end + 12, width: 4)!,
            start = file.integer(at: end + 16, width: 4)!
        if count == 0xffff || size == 0xffff_ffff || start == 0xffff_ffff,
            file.integer(at: end - 20, width: 4) == 0x0706_4b50,
            let record = file.integer(at: end - 20 + 8, width: 8), file.integer(at: record, width: 4) == 0x0606_4b50,
            let largeCount = file.integer(at: record + 32, width: 8),
            let largeSize = file.integer(at: record + 40, width: 8),
            let largeStart = file.integer(at: record + 48, width: 8)
        {
            (count, size, start) = (largeCount, largeSize, largeStart)
        }
        guard start <= file.count, size <= file.count - start, count <= size / 46 else {
            throw .damaged(
                at: file.path, "a directory of \(count) entries expected at byte \(start), the archive is damaged")
        }
        return (start, start + size, count)
    }

    /// One record of the central directory; the entry is nil for a folder.
    private static func entry(in file: MappedFile, at offset: Int, _ index: Int) throws(DatasetError) -> (
        name: String, entry: Entry?, next: Int
    ) {
        func damaged() -> DatasetError {
            .damaged(at: file.path, "directory entry \(index) expected at byte \(offset), the archive is damaged")
        }
        guard file.integer(at: offset, width: 4) == 0x0201_4b50,
            let flags = file.integer(at: offset + 8, width: 2), let method = file.integer(at: offset + 10, width: 2),
            let checksum = file.integer(at: offset + 16, width: 4),
            var compressedSize = file.integer(at: offset + 20, width: 4),
            var size = file.integer(at: offset + 24, width: 4),
            let nameLength = file.integer(at: offset + 28, width: 2),
            let extraLength = file.integer(at: offset + 30, width: 2),
            let commentLength = file.integer(at: offset + 32, width: 2),
            var headerOffset = file.integer(at: offset + 42, width: 4),
            offset + 46 + nameLength + extraLength + commentLength <= file.count
        else { throw damaged() }
        let nameStart = offset + 46, extraStart = nameStart + nameLength,
            next = extraStart + extraLength + commentLength
        let name = String(decoding: file[nameStart..<extraStart], as: UTF8.self)

        // The 64-bit extension holds, in this order, those of the three that the record left out.
        var extra = extraStart
        while extra + 4 <= extraStart + extraLength, let kind = file.integer(at: extra, width: 2),
            let length = file.integer(at: extra + 2, width: 2)
        {
            if kind == 1 {
                var field = extra + 4
                func replace(_ value: inout Int) throws(DatasetError) {
                    guard value == 0xffff_ffff else { return }
                    guard let large = file.integer(at: field, width: 8) else { throw damaged() }
                    value = large
                    field += 8
                }
                try replace(&size)
                try replace(&compressedSize)
                try replace(&headerOffset)
            }
            extra += 4 + length
        }
        if name.hasSuffix("/") { return (name, nil, next) }
        guard flags & 1 == 0 else {
            throw .unsupported(at: file.path, "entries without encryption expected, \(name) is encrypted")
        }
        guard method == 0 || method == 8 else {
            throw .unsupported(
                at: "\(file.path), entry \(name)", "method 0 (stored) or 8 (deflated) expected, got \(method)")
        }
        return (
            name,
            Entry(
                compressedSize: compressedSize, size: size, headerOffset: headerOffset, isDeflated: method == 8,
                checksum: UInt32(checksum)), next
        )
    }
}

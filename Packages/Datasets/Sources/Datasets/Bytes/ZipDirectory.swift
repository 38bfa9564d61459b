import CZlib

/// The directory at a zip archive's end: which entries there are and where (PKWARE, APPNOTE.TXT 6.3, with the 64-bit
/// extensions).
///
/// The end record is looked for from the end, through a comment that may itself hold its signature; a candidate counts
/// when the directory that it names is there. Bytes in front of the archive (a program that unpacks it) shift all
/// offsets.
struct ZipDirectory {
    struct Entry: Sendable {
        let compressedSize: Int, size: Int
        /// In the file, bytes in front of the archive counted.
        let headerOffset: Int
        let method: Int
        let isEncrypted: Bool
        let isLink: Bool
        let checksum: UInt32
    }

    private(set) var entries: [(path: BytePath, entry: Entry)] = []
    /// Where the directory lies in the file.
    let range: Range<Int>
    private let file: MappedFile

    private struct EndRecord {
        let count: Int, range: Range<Int>
        /// Bytes in front of the archive.
        let shift: Int
    }

    private static let endSignature = 0x0605_4b50, entrySignature = 0x0201_4b50

    init(of file: MappedFile) throws(DatasetError) {
        self.file = file
        let end = try Self.endRecord(of: file)
        range = end.range
        var names: [ZipNames.Raw] = [], found: [Entry] = [], offset = end.range.lowerBound
        names.reserveCapacity(end.count)
        for index in 0..<end.count {
            let next = try record(at: offset, index, end, &names, &found)
            offset = next
        }
        entries = Array(zip(ZipNames.paths(of: names), found))
    }

    private static func endRecord(of file: MappedFile) throws(DatasetError) -> EndRecord {
        // A comment has at most 65,535 bytes.
        let first = max(0, file.count - 22 - 65_535)
        var end = file.count - 22, sawSignature = false
        while end >= first {
            if file.integer(at: end, width: 4) == endSignature {
                sawSignature = true
                if let disk = file.integer(at: end + 4, width: 2), disk != 0, disk != 0xffff,
                    file.integer(at: end + 20, width: 2) == file.count - end - 22
                {
                    throw .unsupported(
                        at: file.path, "an archive of one file expected, this is the last of \(disk + 1) parts")
                }
                if let record = endRecord(of: file, at: end) { return record }
            }
            end -= 1
        }
        let beginning = file[0..<min(512, file.count)], kind = ContentKind(beginning)
        if let kind, kind != .zip { throw .damaged(at: file.path, "a zip archive expected, this is \(kind.rawValue)") }
        throw .damaged(
            at: file.path,
            sawSignature
                ? "a zip archive expected, the directory that its end record names is damaged or missing"
                : "a zip archive expected, its end record is missing (cut off?)")
    }

    /// The record at `end`, if the directory that it names is where it should be.
    private static func endRecord(of file: MappedFile, at end: Int) -> EndRecord? {
        guard var count = file.integer(at: end + 10, width: 2), var size = file.integer(at: end + 12, width: 4),
            var start = file.integer(at: end + 16, width: 4), let comment = file.integer(at: end + 20, width: 2),
            end + 22 + comment <= file.count
        else { return nil }
        var directoryEnd = end
        if count == 0xffff || size == 0xffff_ffff || start == 0xffff_ffff,
            file.integer(at: end - 20, width: 4) == 0x0706_4b50, let named = file.integer(at: end - 20 + 8, width: 8)
        {
            // Where the 64-bit record is, or, with bytes in front of the archive, right before its locator.
            let places = [named, end - 20 - 56]
            guard let place = places.first(where: { file.integer(at: $0, width: 4) == 0x0606_4b50 }),
                let largeCount = file.integer(at: place + 32, width: 8),
                let largeSize = file.integer(at: place + 40, width: 8),
                let largeStart = file.integer(at: place + 48, width: 8)
            else { return nil }
            (count, size, start, directoryEnd) = (largeCount, largeSize, largeStart, place)
        }
        guard size <= directoryEnd, count <= size / 46 else { return nil }
        // The directory ends where the record begins, unless something (a signature) lies between.
        let starts = [start, directoryEnd - size]
        for actual in starts where actual <= file.count && size <= file.count - actual && actual >= start {
            if count == 0 || file.integer(at: actual, width: 4) == entrySignature {
                return EndRecord(count: count, range: actual..<(actual + size), shift: actual - start)
            }
        }
        return nil
    }

    /// Appends one record; where the next begins.
    private func record(
        at offset: Int, _ index: Int, _ end: EndRecord, _ names: inout [ZipNames.Raw], _ found: inout [Entry]
    ) throws(DatasetError) -> Int {
        func damaged() -> DatasetError {
            .damaged(at: file.path, "directory entry \(index) expected at byte \(offset), the archive is damaged")
        }
        guard file.integer(at: offset, width: 4) == Self.entrySignature,
            let system = file.integer(at: offset + 5, width: 1), let flags = file.integer(at: offset + 8, width: 2),
            let method = file.integer(at: offset + 10, width: 2),
            let checksum = file.integer(at: offset + 16, width: 4),
            var compressedSize = file.integer(at: offset + 20, width: 4),
            var size = file.integer(at: offset + 24, width: 4),
            let nameLength = file.integer(at: offset + 28, width: 2),
            let extraLength = file.integer(at: offset + 30, width: 2),
            let commentLength = file.integer(at: offset + 32, width: 2),
            let attributes = file.integer(at: offset + 38, width: 4),
            var headerOffset = file.integer(at: offset + 42, width: 4),
            offset + 46 + nameLength + extraLength + commentLength <= end.range.upperBound
        else { throw damaged() }
        let nameStart = offset + 46, extraStart = nameStart + nameLength, extraEnd = extraStart + extraLength

        // The 64-bit extension holds, in this order, those of the three that the record left out.
        var extra = extraStart, unicodeName: [UInt8]?
        while extra + 4 <= extraEnd, let kind = file.integer(at: extra, width: 2),
            let length = file.integer(at: extra + 2, width: 2)
        {
            if kind == 1 {
                var field = extra + 4
                func replace(_ value: inout Int) throws(DatasetError) {
                    guard value == 0xffff_ffff else { return }
                    guard field + 8 <= extraEnd, let large = file.integer(at: field, width: 8) else { throw damaged() }
                    value = large
                    field += 8
                }
                try replace(&size)
                try replace(&compressedSize)
                try replace(&headerOffset)
            }
            // Info-ZIP's name in UTF-8, if it belongs to the name that stands in the record.
            if kind == 0x7075, length > 5, extra + 4 + length <= extraEnd,
                file.integer(at: extra + 4, width: 1) == 1
            {
                let raw = file[nameStart..<extraStart]
                if file.integer(at: extra + 5, width: 4) == Int(crc32_z(0, raw, raw.count)) {
                    unicodeName = file[(extra + 9)..<(extra + 4 + length)]
                }
            }
            extra += 4 + length
        }
        guard headerOffset <= file.count - end.shift else { throw damaged() }
        names.append(
            ZipNames.Raw(
                bytes: unicodeName ?? file[nameStart..<extraStart],
                isMarkedUTF8: unicodeName != nil || flags & 1 << 11 != 0, system: system))
        found.append(
            Entry(
                compressedSize: compressedSize, size: size, headerOffset: headerOffset + end.shift, method: method,
                isEncrypted: flags & 1 != 0, isLink: system == 3 && attributes >> 28 == 0xA,
                checksum: UInt32(checksum)))
        return extraEnd + commentLength
    }
}

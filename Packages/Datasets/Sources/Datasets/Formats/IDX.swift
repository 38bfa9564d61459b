/// The IDX format of MNIST (LeCun): magic 0 0 type rank, one big-endian extent an axis, then the elements.
enum IDX {
    /// Unsigned bytes of the given rank; every extent is at least 1.
    static func read(path: String, rank: Int) throws(DatasetError) -> (extents: [Int], bytes: [UInt8]) {
        let reader = try ContentReader(path: path)
        let magic: [UInt8]
        do { magic = try reader.read(4, "IDX magic") } catch {
            // A page, a pointer or another archive in place of the data, cut off or not.
            guard let kind = try kind(of: path) else { throw error }
            throw .damaged(at: path, "an IDX file, plain or gzip, expected, this is \(kind)")
        }
        guard magic[0] == 0, magic[1] == 0 else {
            let found = "got \(magic.map(hex).joined(separator: " "))"
            throw .damaged(
                at: path, "IDX magic 00 00 expected at byte 0, \(try kind(of: path).map { "this is \($0)" } ?? found)")
        }
        guard magic[2] == 8 else {
            throw .unsupported(
                at: path, "IDX element type 08 (unsigned byte) expected at byte 2, got \(hex(magic[2]))")
        }
        guard Int(magic[3]) == rank else {
            throw .damaged(at: path, "IDX rank \(rank) expected at byte 3, got \(magic[3])")
        }
        var extents: [Int] = []
        for axis in 0..<rank { extents.append(try reader.readInteger("IDX extent \(axis)")) }
        guard extents.allSatisfy({ $0 > 0 }) else {
            throw .damaged(at: path, "IDX extents of at least 1 expected, got \(extents): the file is empty")
        }
        // 2 GiB is far beyond any set of this format; a damaged header must not ask for more.
        let (count, isTooLarge) = extents.reduce((1, false)) { partial, extent in
            let product = partial.0.multipliedReportingOverflow(by: extent)
            return (product.partialValue, partial.1 || product.overflow)
        }
        guard !isTooLarge, count <= 1 << 31 else {
            throw .unsupported(at: path, "IDX extents \(extents) exceed 2 GiB")
        }
        let bytes = try reader.read(count, "IDX elements of extents \(extents)")
        try reader.expectEnd()
        return (extents, bytes)
    }

    /// What a file is, compressed or not, in words.
    private static func kind(of path: String) throws(DatasetError) -> String? {
        let content = try ContentReader.beginning(of: path), isCompressed = try ContentReader(path: path).isCompressed
        guard let kind = ContentKind(content) else { return nil }
        return isCompressed ? "\(kind.rawValue) within gzip" : kind.rawValue
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

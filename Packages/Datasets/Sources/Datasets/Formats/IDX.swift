/// The IDX format of MNIST (LeCun): magic 0 0 type rank, one big-endian extent an axis, then the elements.
enum IDX {
    /// Unsigned bytes of the given rank.
    static func read(path: String, rank: Int) throws(DatasetError) -> (extents: [Int], bytes: [UInt8]) {
        let reader = try FileReader(path: path)
        let magic = try reader.read(4, "IDX magic")
        guard magic[0] == 0, magic[1] == 0 else {
            throw .damaged(at: path, "IDX magic 00 00 expected at byte 0, got \(magic.map(hex).joined(separator: " "))")
        }
        guard magic[2] == 8 else {
            throw .unsupported(at: path, "IDX element type 08 (unsigned byte) expected at byte 2, got \(hex(magic[2]))")
        }
        guard Int(magic[3]) == rank else {
            throw .damaged(at: path, "IDX rank \(rank) expected at byte 3, got \(magic[3])")
        }
        var extents: [Int] = []
        for axis in 0..<rank { extents.append(try reader.readInteger("IDX extent \(axis)")) }
        // 2 GiB is far beyond any set of this format; a damaged header must not ask for more.
        let (count, isTooLarge) = extents.reduce((1, false)) { partial, extent in
            let product = partial.0.multipliedReportingOverflow(by: extent)
            return (product.partialValue, partial.1 || product.overflow)
        }
        guard !isTooLarge, count <= 1 << 31 else { throw .unsupported(at: path, "IDX extents \(extents) exceed 2 GiB") }
        let bytes = try reader.read(count, "IDX elements of extents \(extents)")
        try reader.expectEnd()
        return (extents, bytes)
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

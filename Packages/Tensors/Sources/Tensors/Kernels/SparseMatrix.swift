import CTensorKernels

/// A constant float32 matrix without its zeros, for `SparseProduct`: images on a black background are half zeros or
/// more.
///
/// Rows are put into an order in which neighbours are zero at like places, and groups of `TENSOR_SPARSE_GROUP`
/// neighbours share one list of the columns where any of them is not zero.
struct SparseMatrix: Sendable {
    /// Which matrix of a storage: element (i, p) at offset + i · rowStride + p · columnStride.
    struct Layout: Hashable, Sendable {
        let rows: Int, depth: Int, offset: Int, rowStride: Int, columnStride: Int
    }

    /// The largest shares of nonzeros, and of entries kept (the zeros that a group keeps among them), that are worth
    /// it, by measurement.
    private static let nonzeroLimit = 0.75, entryLimit = 0.85
    /// The smallest matrix that is worth it, in elements.
    static let leastCount = 1 << 16

    let rows: Int, depth: Int
    /// Elements that differ from zero.
    let nonzeroCount: Int
    let blockCount: Int
    private let blockDepth: Int
    private let order: Storage, starts: Storage, columns: Storage, values: Storage

    /// Nil where the matrix is small or holds too few zeros.
    init?(_ storage: Storage, _ layout: Layout) {
        let rows = layout.rows, depth = layout.depth
        guard rows * depth >= SparseMatrix.leastCount else { return nil }
        let elements = storage.address.assumingMemoryBound(to: Float.self) + layout.offset
        let patterns = ZeroPatterns(elements, layout)
        guard Double(patterns.nonzeroCount) <= SparseMatrix.nonzeroLimit * Double(rows * depth) else { return nil }

        let group = Int(TENSOR_SPARSE_GROUP), groups = (rows + group - 1) / group
        let mostDepth = Int(tensor_sparse_depth()), blocks = (depth + mostDepth - 1) / mostDepth,
            blockDepth = (depth + blocks - 1) / blocks
        let order = patterns.order()
        let unions = (0..<groups).map { g in patterns.union(order[g * group..<min((g + 1) * group, rows)]) }
        let entries = unions.reduce(0) { $0 + $1.reduce(0) { $0 + $1.nonzeroBitCount } }
        guard Double(entries * group) <= SparseMatrix.entryLimit * Double(rows * depth) else { return nil }

        var starts: [Int64] = []
        starts.reserveCapacity(blocks * groups + 1)
        self.columns = Storage(byteCount: entries * MemoryLayout<UInt16>.stride)
        values = Storage(byteCount: entries * group * MemoryLayout<Float>.stride)
        let column = self.columns.address.assumingMemoryBound(to: UInt16.self),
            value = values.address.assumingMemoryBound(to: Float.self)
        var entry = 0
        for block in 0..<blocks {
            let columns = block * blockDepth..<min((block + 1) * blockDepth, depth)
            for (g, union) in unions.enumerated() {
                starts.append(Int64(entry))
                for p in columns where union[p / 64] >> (p % 64) & 1 == 1 {
                    column[entry] = UInt16(p - columns.lowerBound)
                    for place in g * group..<min((g + 1) * group, rows) {
                        value[entry * group + place % group] =
                            elements[Int(order[place]) * layout.rowStride + p * layout.columnStride]
                    }
                    entry += 1
                }
            }
        }
        starts.append(Int64(entry))
        (self.rows, self.depth, self.nonzeroCount) = (rows, depth, patterns.nonzeroCount)
        (self.blockDepth, blockCount) = (blockDepth, blocks)
        self.order = Storage(order)
        self.starts = Storage(byteCount: starts.count * MemoryLayout<Int64>.stride)
        starts.withUnsafeBytes { self.starts.address.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    }

    /// As the C functions want it.
    var pointers: tensor_sparse_matrix {
        tensor_sparse_matrix(
            rows: Int64(rows), depth: Int64(depth), block_depth: Int64(blockDepth), blocks: Int64(blockCount),
            order: order.address.assumingMemoryBound(to: Int32.self),
            starts: starts.address.assumingMemoryBound(to: Int64.self),
            columns: columns.address.assumingMemoryBound(to: UInt16.self),
            values: values.address.assumingMemoryBound(to: Float.self))
    }

    var byteCount: Int { [order, starts, columns, values].reduce(0) { $0 + $1.byteCount } }

    var groupCount: Int { (rows + Int(TENSOR_SPARSE_GROUP) - 1) / Int(TENSOR_SPARSE_GROUP) }
}

/// Where the rows of a matrix are not zero, a bit an element.
private struct ZeroPatterns {
    private let rows: Int, words: Int
    private let bits: [UInt64]
    private let counts: [Int]

    init(_ elements: UnsafePointer<Float>, _ layout: SparseMatrix.Layout) {
        let words = (layout.depth + 63) / 64
        var bits = [UInt64](repeating: 0, count: layout.rows * words)
        func mark(_ i: Int, _ p: Int) {
            if elements[i * layout.rowStride + p * layout.columnStride] != 0 {
                bits[i * words + p / 64] |= 1 << (p % 64)
            }
        }
        // In the order of memory.
        if layout.rowStride >= layout.columnStride {
            for i in 0..<layout.rows { for p in 0..<layout.depth { mark(i, p) } }
        } else {
            for p in 0..<layout.depth { for i in 0..<layout.rows { mark(i, p) } }
        }
        counts = (0..<layout.rows).map { i in bits[i * words..<(i + 1) * words].reduce(0) { $0 + $1.nonzeroBitCount } }
        (rows, self.words, self.bits) = (layout.rows, words, bits)
    }

    var nonzeroCount: Int { counts.reduce(0, +) }

    /// The rows by how many elements they have, most first (work that is shared among threads ends with the light
    /// pieces), then from each to the nearest.
    func order() -> [Int32] {
        var order = (0..<rows).sorted { (counts[$1], $0) < (counts[$0], $1) }.map { Int32($0) }
        tensor_sparse_order(Int64(rows), Int64(words), bits, &order)
        return order
    }

    func union(_ members: ArraySlice<Int32>) -> [UInt64] {
        (0..<words).map { w in members.reduce(0) { $0 | bits[Int($1) * words + w] } }
    }
}

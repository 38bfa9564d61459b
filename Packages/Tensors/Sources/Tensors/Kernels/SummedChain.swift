import CTensorKernels

/// A fused chain some of whose results are summed over all rows, [rows, width] each, while they are in the cache. A
/// result that nothing else reads is never written whole.
///
/// The sums have the bits of `Reduce`: blocks of 128 rows, parts of as many blocks where there are more, then all.
final class SummedChain: Sendable {
    /// Where a result is summed to.
    struct Sum {
        /// The chain's output by number, and whether it has memory of its own.
        let output: Int, isWritten: Bool
        let result: View
    }

    private let chain: FusedChain
    private let sums: [Sum]
    private let rows: Int, width: Int
    private let split: Split
    private let scratch: View

    static let blockRows = 128

    /// [rows, width] of what a chain may sum: large enough to be worth it, with no more than two levels above the
    /// blocks.
    static func table(of shape: Shape) -> (rows: Int, width: Int)? {
        guard shape.rank > 1, 16...1024 ~= shape[-1] else { return nil }
        let width = shape[-1], rows = shape.count / width
        guard blockRows < rows, rows <= blockRows * blockRows * blockRows, shape.count >= 65_536 else { return nil }
        return (rows, width)
    }

    /// Elements of scratch: a block of each result for each piece, sums of blocks and of parts.
    static func scratchCount(rows: Int, width: Int, sums: Int) -> Int {
        let blocks = (rows + blockRows - 1) / blockRows, parts = (blocks + blockRows - 1) / blockRows
        return sums * width * (largestPieceCount * blockRows + blocks + parts)
    }

    private static let largestPieceCount = 8

    /// - Parameters:
    ///   - chain: its outputs that are not written may have any view.
    ///   - scratch: `scratchCount` elements of its type.
    init(_ chain: FusedChain, _ sums: [Sum], rows: Int, width: Int, scratch: View) {
        (self.chain, self.sums, self.rows, self.width, self.scratch) = (chain, sums, rows, width, scratch)
        let blocks = (rows + Self.blockRows - 1) / Self.blockRows
        split = Split(count: blocks, costPerItem: chain.split.count / blocks * (2 * chain.operationCount + sums.count))
        require(split.pieces <= Self.largestPieceCount, "summed chain: \(split.pieces) pieces")
    }

    func callAsFunction(_ memory: Memory) {
        if chain.elementType == .float64 {
            run(memory, Double.self, tensor_fused_f64, tensor_sum_parts_f64, tensor_sum_total_f64)
        } else {
            run(memory, Float.self, tensor_fused_f32, tensor_sum_parts_f32, tensor_sum_total_f32)
        }
    }

    private func run<T>(
        _ memory: Memory, _: T.Type,
        _ compute: (UnsafePointer<tensor_fused_chain>, UnsafePointer<UnsafeMutableRawPointer?>, Int64, Int64) -> Void,
        _ add: (tensor_reduction, tensor_range, UnsafePointer<T>, UnsafeMutablePointer<T>) -> Void,
        _ total: (Int64, Int64, UnsafePointer<T>, UnsafeMutablePointer<T>) -> Void
    ) {
        let blocks = split.count, parts = (blocks + Self.blockRows - 1) / Self.blockRows, width = width
        let block = Self.blockRows * width, start = memory.pointer(scratch, as: T.self)
        let blockSums = start + sums.count * Self.largestPieceCount * block,
            partSums = blockSums + sums.count * blocks * width
        let firstOutput = chain.views.count - Int(chain.chain.pointee.output_count)

        func piece(_ piece: Int, _ range: Range<Int>) {
            withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: chain.views.count) { addresses in
                for (i, view) in chain.views.enumerated() {
                    addresses[i] = memory.addresses[view.slot] + view.byteOffset
                }
                for number in range {
                    let first = number * Self.blockRows, count = min(Self.blockRows, rows - first)
                    for (i, sum) in sums.enumerated() where !sum.isWritten {
                        // The chain writes element e at e behind this.
                        let own = start + (piece * sums.count + i) * block
                        addresses[firstOutput + sum.output] = UnsafeMutableRawPointer(own - first * width)
                    }
                    compute(chain.chain, addresses.baseAddress!, Int64(first * width), Int64((first + count) * width))
                    let layout = tensor_reduction(function: 0, reduced: Int64(count), inner: Int64(width))
                    for (i, sum) in sums.enumerated() {
                        let values = addresses[firstOutput + sum.output]!.assumingMemoryBound(to: T.self)
                        add(
                            layout, tensor_range(0..<1), values + first * width,
                            blockSums + (i * blocks + number) * width)
                    }
                }
            }
        }
        if let pool = memory.pool, split.pieces > 1, pool.threadCount > 1 {
            pool.run(pieces: split.pieces) { piece($0, split.range($0)) }
        } else {
            piece(0, 0..<blocks)
        }

        for (i, sum) in sums.enumerated() {
            let own = blockSums + i * blocks * width, result = memory.pointer(sum.result, as: T.self)
            guard parts > 1 else {
                total(Int64(blocks), Int64(width), own, result)
                continue
            }
            for part in 0..<parts {
                let first = part * Self.blockRows
                total(
                    Int64(min(Self.blockRows, blocks - first)), Int64(width), own + first * width,
                    partSums + (i * parts + part) * width)
            }
            total(Int64(parts), Int64(width), partSums + i * parts * width, result)
        }
    }
}

/// A range cut into pieces that are worth waking a thread for.
struct Split: Sendable {
    let count: Int
    let pieces: Int

    /// - Parameter costPerItem: in simple operations.
    init(count: Int, costPerItem: Int) {
        self.count = count
        let worthwhile = count * max(costPerItem, 1) / 65_536
        pieces = max(1, min(worthwhile, 8, count))
    }

    /// Pieces of one item each.
    init(pieces: Int) { (count, self.pieces) = (pieces, pieces) }

    /// The items of one piece; all but the last piece hold a multiple of 16 where there are enough.
    func range(_ piece: Int) -> Range<Int> {
        func bound(_ i: Int) -> Int {
            i == pieces ? count : count >= 64 * pieces ? count * i / pieces & ~15 : count * i / pieces
        }
        return bound(piece)..<bound(piece + 1)
    }

    /// - Parameter body: must compute every item independently of how the items are grouped.
    @inline(__always)
    func run(on pool: ThreadPool?, _ body: (Range<Int>) -> Void) {
        if let pool, pieces > 1, pool.threadCount > 1 {
            pool.run(pieces: pieces) { body(range($0)) }
        } else {
            body(0..<count)
        }
    }
}

extension Split {
    /// As `run`, but every piece separately even on one thread: for kernels whose rounding depends on the piece's
    /// extent.
    func runPieces(on pool: ThreadPool?, _ body: (Range<Int>) -> Void) {
        if let pool, pieces > 1 {
            pool.run(pieces: pieces) { body(range($0)) }
        } else {
            for piece in 0..<pieces { body(range(piece)) }
        }
    }
}

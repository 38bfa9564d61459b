import CTensorKernels

/// Threads that share the pieces of a computation. How work is cut into pieces depends on shapes only, never on the
/// number of threads, so results have the same bits for any pool. Idle threads sleep.
public final class ThreadPool: Sendable {
    /// Including the caller's.
    public let threadCount: Int
    private nonisolated(unsafe) let pool: OpaquePointer  // the C pool does its own locking

    public init(threadCount: Int) {
        precondition(threadCount >= 1, "threads: at least 1, not \(threadCount)")
        self.threadCount = threadCount
        pool = tensor_pool_create(Int32(threadCount))
    }

    deinit { tensor_pool_destroy(pool) }

    /// Runs `body` for pieces 0 ..< `pieces` on the pool's threads and returns when all are done.
    public func run(pieces: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            var body = body
            withUnsafeMutablePointer(to: &body) { pointer in
                tensor_pool_run(
                    pool, Int64(pieces),
                    { context, piece in
                        context!.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(piece))
                    }, pointer)
            }
        }
    }
}

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

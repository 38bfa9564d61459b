import CTensorKernels

/// Threads that share the pieces of a computation. How work is cut into pieces depends on shapes only, never on the
/// number of threads, so results have the same bits for any pool. Idle threads sleep.
public final class ThreadPool: Sendable {
    /// Including the caller's.
    public let threadCount: Int
    private nonisolated(unsafe) let pool: OpaquePointer  // the C pool does its own locking

    /// - Parameter threadCount: the caller's thread included; at least 1.
    public init(threadCount: Int, file: StaticString = #fileID, line: UInt = #line) {
        require(threadCount >= 1, "threads: at least 1, not \(threadCount)", file: file, line: line)
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

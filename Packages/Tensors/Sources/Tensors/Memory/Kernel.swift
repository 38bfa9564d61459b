/// A compiled instruction: reads and writes the buffers of a memory.
typealias Kernel = @Sendable (Memory) -> Void

/// What a running program sees: the address of each slot, and the threads that it may use.
struct Memory {
    let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer>
    let pool: ThreadPool?

    @inline(__always)
    func pointer<T>(_ view: View, as _: T.Type = T.self) -> UnsafeMutablePointer<T> {
        (addresses[view.slot] + view.offset &* MemoryLayout<T>.stride).assumingMemoryBound(to: T.self)
    }
}

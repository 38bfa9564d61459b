/// A block of memory aligned to a cache line: what a tensor's leaf holds, and where programs read and write.
///
/// Unchecked because the memory is reached through a pointer: a `Tensor` never writes to its storage after it was made,
/// and whoever replays a `Program` into a storage owns it for that time.
public final class Storage: @unchecked Sendable {
    /// The first byte, aligned for vector instructions.
    public let address: UnsafeMutableRawPointer
    /// As asked for.
    public let byteCount: Int

    /// Zeroed memory.
    public init(byteCount: Int) {
        self.byteCount = byteCount
        // Room for one whole vector past the end, so that kernels may read full vectors.
        address = .allocate(byteCount: byteCount + 64, alignment: 64)
        address.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount + 64)
    }

    /// A copy of an array.
    public convenience init<Scalar: TensorScalar>(_ scalars: [Scalar]) {
        self.init(byteCount: scalars.count * MemoryLayout<Scalar>.stride)
        scalars.withUnsafeBytes { if $0.count > 0 { address.copyMemory(from: $0.baseAddress!, byteCount: $0.count) } }
    }

    deinit { address.deallocate() }
}

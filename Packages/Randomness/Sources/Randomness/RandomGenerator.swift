#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A sequence of random numbers: Philox 4x32-10 with the seed as the key, and the counter's halves from the position
/// and the stream.
///
/// A value: copying it forks the sequence. The same seed and stream give the same numbers everywhere.
public struct RandomGenerator: RandomNumberGenerator, Sendable {
    private let key: SIMD2<UInt32>
    private let stream: SIMD2<UInt32>
    private var position: UInt64 = 0
    /// A block holds two numbers: the second of the last one, until it is asked for.
    private var buffered: UInt64?

    /// The first number of a stream. The same seed gives streams that have nothing to do with each other.
    public init(seed: UInt64, stream: RandomStream = .main) {
        key = Self.halves(seed)
        self.stream = Self.halves(stream.number)
    }

    public mutating func next() -> UInt64 {
        if let number = buffered {
            buffered = nil
            return number
        }
        let block = Philox.block(counter: Philox.Block(lowHalf: Self.halves(position), highHalf: stream), key: key)
        position += 1
        buffered = UInt64(block[3]) << 32 | UInt64(block[2])
        return UInt64(block[1]) << 32 | UInt64(block[0])
    }

    /// 64-bit numbers drawn so far. Setting it goes to that place of the sequence: what a checkpoint needs beside the
    /// seed.
    public var drawnCount: UInt64 {
        get { 2 * position - (buffered == nil ? 0 : 1) }
        set {
            (position, buffered) = (newValue / 2, nil)
            if newValue % 2 == 1 { _ = next() }
        }
    }

    /// Uniform in [0, 1), with 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Normal with mean 0 and variance 1 (Box and Muller 1958).
    public mutating func normal() -> Double {
        // 1 - uniform() is never 0, so the logarithm is finite.
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }

    private static func halves(_ number: UInt64) -> SIMD2<UInt32> {
        [UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32)]
    }
}

/// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): random numbers as a function
/// of a seed, a stream and a counter, so that any episode can be drawn without drawing those before it.
public struct CounterGenerator: RandomNumberGenerator, Sendable {
    private let key: (UInt32, UInt32), stream: UInt64
    private var block: UInt64 = 0
    private var spare: UInt64?

    public init(seed: UInt64, stream: UInt64) {
        key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.stream = stream
    }

    public mutating func next() -> UInt64 {
        if let number = spare {
            spare = nil
            return number
        }
        let words = Self.philox(
            counter: (
                UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32),
                UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)
            ), key: key)
        block += 1
        spare = UInt64(words.3) << 32 | UInt64(words.2)
        return UInt64(words.1) << 32 | UInt64(words.0)
    }

    static func philox(counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)) -> (
        UInt32, UInt32, UInt32, UInt32
    ) {
        var (c0, c1, c2, c3) = counter, (k0, k1) = key
        for _ in 0..<10 {
            let p0 = UInt64(c0) * 0xD251_1F53, p1 = UInt64(c2) * 0xCD9E_8D57
            (c0, c1, c2, c3) = (
                UInt32(p1 >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: p1), UInt32(p0 >> 32) ^ c3 ^ k1,
                UInt32(truncatingIfNeeded: p0)
            )
            (k0, k1) = (k0 &+ 0x9E37_79B9, k1 &+ 0xBB67_AE85)
        }
        return (c0, c1, c2, c3)
    }
}

/// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a block of 128
/// random bits as a function of a counter and a key.
///
/// Nothing is carried from one block to the next, so any block can be computed without those before it.
package enum Philox {
    package typealias Block = SIMD4<UInt32>

    /// Ten rounds on one counter block.
    package static func block(counter: Block, key: SIMD2<UInt32>) -> Block {
        var words = counter, roundKey = key
        for _ in 0..<10 {
            let first = UInt64(words[0]) * 0xD251_1F53, second = UInt64(words[2]) * 0xCD9E_8D57
            words = [
                UInt32(second >> 32) ^ words[1] ^ roundKey[0], UInt32(truncatingIfNeeded: second),
                UInt32(first >> 32) ^ words[3] ^ roundKey[1], UInt32(truncatingIfNeeded: first),
            ]
            // Weyl sequences of the golden ratio and of √3 - 1.
            roundKey = roundKey &+ [0x9E37_79B9, 0xBB67_AE85]
        }
        return words
    }
}

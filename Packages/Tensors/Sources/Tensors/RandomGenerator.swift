import Foundation

/// A counter-based generator, Philox 4x32-10 (Salmon et al. 2011): the same seed and stream give the same numbers
/// everywhere.
///
/// A value: copying it forks the sequence. `stream` separates sequences of one seed (initialization, episodes, noise,
/// …).
public struct RandomGenerator: RandomNumberGenerator, Sendable {
    private let key: (UInt32, UInt32)
    private let stream: UInt64
    private var counter: UInt64 = 0
    private var buffered: UInt64?

    public init(seed: UInt64, stream: UInt64 = 0) {
        key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.stream = stream
    }

    public mutating func next() -> UInt64 {
        if let value = buffered {
            buffered = nil
            return value
        }
        let block = RandomGenerator.philox(
            counter: [
                UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
                UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32),
            ], key: key)
        counter += 1
        buffered = UInt64(block[3]) << 32 | UInt64(block[2])
        return UInt64(block[1]) << 32 | UInt64(block[0])
    }

    /// Ten rounds on one counter block.
    static func philox(counter: SIMD4<UInt32>, key: (UInt32, UInt32)) -> SIMD4<UInt32> {
        var c = counter, k = key
        for _ in 0..<10 {
            let a = UInt64(c[0]) * 0xD251_1F53, b = UInt64(c[2]) * 0xCD9E_8D57
            c = [
                UInt32(b >> 32) ^ c[1] ^ k.0, UInt32(truncatingIfNeeded: b), UInt32(a >> 32) ^ c[3] ^ k.1,
                UInt32(truncatingIfNeeded: a),
            ]
            k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85)
        }
        return c
    }

    /// Uniform in [0, 1), with 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Normal with mean 0 and variance 1 (Box and Muller 1958).
    public mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }

    /// A leaf of numbers drawn uniformly from [lower, upper).
    public mutating func uniform(
        _ shape: Shape, from lower: Double, to upper: Double, elementType: ElementType = .float32
    ) -> Tensor {
        leaf(shape, elementType) { lower + (upper - lower) * $0.uniform() }
    }

    public mutating func normal(_ shape: Shape, deviation: Double = 1, elementType: ElementType = .float32) -> Tensor {
        leaf(shape, elementType) { deviation * $0.normal() }
    }

    private mutating func leaf(_ shape: Shape, _ type: ElementType, _ draw: (inout RandomGenerator) -> Double) -> Tensor
    {
        let numbers = (0..<shape.count).map { _ in draw(&self) }
        return type == .float64 ? Tensor(numbers, shape: shape) : Tensor(numbers.map(Float.init), shape: shape)
    }
}

import Foundation
import Tensors

/// The tests' own random numbers: SplitMix64 (Steele, Lea, Flood 2014). The project's generator stands in Randomness,
/// which this package does not need.
struct RandomGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Normal with mean 0 and variance 1 (Box and Muller 1958).
    mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }

    /// A leaf of normal numbers.
    mutating func normal(_ shape: Shape, deviation: Double = 1, elementType: ElementType = .float32) -> Tensor {
        let numbers = (0..<shape.count).map { _ in deviation * normal() }
        return elementType == .float64 ? Tensor(numbers, shape: shape) : Tensor(numbers.map(Float.init), shape: shape)
    }
}

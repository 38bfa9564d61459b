import Randomness
import Tensors

extension RandomGenerator {
    /// A leaf of normal numbers of mean 0.
    mutating func normal(_ shape: Shape, deviation: Double = 1, elementType: ElementType = .float32) -> Tensor {
        let numbers = (0..<shape.count).map { _ in deviation * normal() }
        return elementType == .float64 ? Tensor(numbers, shape: shape) : Tensor(numbers.map(Float.init), shape: shape)
    }
}

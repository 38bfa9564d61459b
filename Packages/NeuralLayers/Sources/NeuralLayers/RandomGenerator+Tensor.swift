import Randomness
import Tensors

extension RandomGenerator {
    /// A leaf of numbers drawn uniformly from [lower, upper), in row-major order.
    public mutating func uniform(
        _ shape: Shape, from lower: Double, to upper: Double, elementType: ElementType = .float32
    ) -> Tensor {
        leaf(shape, elementType) { lower + (upper - lower) * $0.uniform() }
    }

    /// A leaf of normal numbers of mean 0, in row-major order.
    public mutating func normal(_ shape: Shape, deviation: Double = 1, elementType: ElementType = .float32) -> Tensor {
        leaf(shape, elementType) { deviation * $0.normal() }
    }

    /// Drawn in float64 whatever the element type, so that float32 and float64 runs start alike.
    private mutating func leaf(
        _ shape: Shape, _ type: ElementType, _ draw: (inout RandomGenerator) -> Double
    ) -> Tensor {
        let numbers = (0..<shape.count).map { _ in draw(&self) }
        return type == .float64 ? Tensor(numbers, shape: shape) : Tensor(numbers.map(Float.init), shape: shape)
    }
}

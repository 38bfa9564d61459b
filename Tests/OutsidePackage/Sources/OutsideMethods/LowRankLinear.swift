import NeuralLayers
import Randomness
import Tensors

/// x Dᵀ Uᵀ + b with a narrow middle: rank · (inputs + outputs) weights instead of inputs · outputs.
public struct LowRankLinear: TensorTree {
    /// D, [rank, inputs], and U, [outputs, rank].
    public var down: Tensor, up: Tensor
    /// [outputs].
    public var bias: Tensor

    public init(
        inputs: Int, rank: Int, outputs: Int, initializer: WeightInitializer = .torchDefault,
        using random: inout RandomGenerator, elementType: ElementType = .float32
    ) {
        down = initializer.weight(
            [rank, inputs], fanIn: inputs, fanOut: rank, using: &random, elementType: elementType)
        up = initializer.weight(
            [outputs, rank], fanIn: rank, fanOut: outputs, using: &random, elementType: elementType)
        bias = initializer.bias([outputs], fanIn: rank, using: &random, elementType: elementType)
    }

    /// - Parameter input: [batch, inputs]. Result: [batch, outputs].
    public func callAsFunction(_ input: Tensor) -> Tensor {
        input.product(down, transposingOther: true).product(up, transposingOther: true) + bias
    }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("down", &down)
        try visit("up", &up)
        try visit("bias", &bias)
    }
}

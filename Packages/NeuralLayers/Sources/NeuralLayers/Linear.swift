import Randomness
import Tensors

/// x Wᵀ + b. The weight is [outputs, inputs], as in PyTorch.
public struct Linear: TensorTree {
    /// [outputs, inputs].
    public var weight: Tensor
    /// [outputs].
    public var bias: Tensor

    /// A layer of weights that are there.
    public init(weight: Tensor, bias: Tensor) {
        precondition(
            weight.rank == 2 && bias.shape == [weight.shape[0]], "Linear: weight \(weight.shape), bias \(bias.shape)")
        self.weight = weight
        self.bias = bias
    }

    /// Weights and biases drawn from `random`.
    public init(
        inputs: Int, outputs: Int, initializer: WeightInitializer = .torchDefault, using random: inout RandomGenerator,
        elementType: ElementType = .float32
    ) {
        weight = initializer.weight(
            [outputs, inputs], fanIn: inputs, fanOut: outputs, using: &random, elementType: elementType)
        bias = initializer.bias([outputs], fanIn: inputs, using: &random, elementType: elementType)
    }

    /// - Parameter input: [batch, inputs]. Result: [batch, outputs].
    public func callAsFunction(_ input: Tensor) -> Tensor { input.product(weight, transposingOther: true) + bias }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("weight", &weight)
        try visit("bias", &bias)
    }
}

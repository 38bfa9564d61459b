import Randomness
import Tensors

/// Linear layers one after the other, with an activation between them and none after the last.
///
/// The paper's networks for hyper-cleaning: one layer 784-10 (a convex lower problem); 784-300-10 without activation
/// ("deep linear", the reference's non-convex one); 784-300-10 with ReLU.
public struct Perceptron: TensorTree {
    /// From the inputs to the outputs.
    public var layers: [Linear]
    /// Between layers.
    public let activation: Activation

    /// A network of layers that are there; each takes as many inputs as the one before gives.
    public init(layers: [Linear], activation: Activation) {
        self.layers = layers
        self.activation = activation
    }

    /// - Parameter widths: from the inputs to the outputs, for instance [784, 300, 10].
    public init(
        widths: [Int], activation: Activation, initializer: WeightInitializer = .torchDefault,
        using random: inout RandomGenerator,
        elementType: ElementType = .float32
    ) {
        layers = zip(widths, widths.dropFirst()).map { inputs, outputs in
            Linear(inputs: inputs, outputs: outputs, initializer: initializer, using: &random, elementType: elementType)
        }
        self.activation = activation
    }

    /// - Parameter input: [batch, widths.first]. Result: [batch, widths.last].
    public func callAsFunction(_ input: Tensor) -> Tensor {
        var value = input
        for (i, layer) in layers.enumerated() { value = i == 0 ? layer(value) : layer(activation(value)) }
        return value
    }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try layers.visitTensors(visit)
    }
}

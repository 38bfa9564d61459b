import BilevelOptimization
import NeuralLayers
import Randomness
import Tensors

/// V(ℓ, class; θ) = σ(b · relu(a ℓ + c_class) + d), the weight of a sample by its loss and its label: one hidden layer
/// of 100 units (Meta-Weight-Net, Shu et al. 2019), whose biases depend on the class. They begin alike: a class that
/// needs no weights of its own has none.
package struct WeightFunction: TensorTree {
    static let hidden = 100

    /// a, as a layer from one number.
    package var hidden: Linear
    /// [classes, hidden]: c without a's bias.
    package var byClass: Tensor
    package var output: Linear

    package init(classes: Int, using random: inout RandomGenerator) {
        hidden = Linear(inputs: 1, outputs: Self.hidden, using: &random)
        byClass = Tensor.zeros([classes, Self.hidden]).evaluated()
        output = Linear(inputs: Self.hidden, outputs: 1, using: &random)
    }

    /// - Parameters:
    ///   - losses: [batch].
    ///   - labels: [batch], int32.
    /// - Returns: weights in (0, 1), [batch].
    package func callAsFunction(_ losses: Tensor, labels: Tensor) -> Tensor {
        let count = losses.shape[0]
        let units = (hidden(losses.reshaped(to: [count, 1])) + byClass.gatheredRows(at: labels)).relu()
        return output(units).reshaped(to: [count]).sigmoid()
    }

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try hidden.visitTensors(under: "hidden", visit)
        try visit("byClass", &byClass)
        try output.visitTensors(under: "output", visit)
    }
}

import BilevelOptimization
import NeuralLayers
import Randomness
import RunSupport
import Tensors

/// Data hyper-cleaning: one weight x_i for every training sample, σ(x_i) its share in the training loss (Franceschi et
/// al. 2017).
///
/// Lower: f(x, y) = mean over i of σ(x_i) ℓ(y; u_i, v_i) on the noisy training set. Upper: F(y) = mean cross-entropy on
/// the clean validation set. (The reference takes the mean, not the sum, of the weighted losses.)
package struct HyperCleaningProblem: Sendable {
    /// Images [n, pixels] and int32 labels [n].
    package let trainingImages: Tensor, trainingLabels: Tensor
    package let validationImages: Tensor, validationLabels: Tensor

    package init(trainingImages: Tensor, trainingLabels: Tensor, validationImages: Tensor, validationLabels: Tensor) {
        self.trainingImages = trainingImages
        self.trainingLabels = trainingLabels
        self.validationImages = validationImages
        self.validationLabels = validationLabels
    }

    package var problem: BilevelProblem<Tensor, Perceptron> {
        let (images, labels) = (trainingImages, trainingLabels)
        let (cleanImages, cleanLabels) = (validationImages, validationLabels)
        return BilevelProblem(
            upperObjective: { _, network in network(cleanImages).meanCrossEntropy(labels: cleanLabels) },
            lowerObjective: { weights, network in
                (weights.sigmoid() * network(images).crossEntropy(labels: labels)).mean()
            })
    }
}

/// The networks of the hyper-cleaning experiments.
package enum HyperCleaningNetwork: String, NamedSetting {
    /// One layer: a convex lower problem.
    case linear
    /// Two layers without activation between them: the reference's "non-convex" network.
    case deepLinear = "deep-linear"
    /// Two layers with ReLU between them.
    case mlp

    package func network(
        inputs: Int, classes: Int, hidden: Int = 300, using random: inout RandomGenerator,
        elementType: ElementType = .float32
    ) -> Perceptron {
        Perceptron(
            widths: self == .linear ? [inputs, classes] : [inputs, hidden, classes],
            activation: self == .mlp ? .relu : .identity,
            using: &random, elementType: elementType)
    }
}

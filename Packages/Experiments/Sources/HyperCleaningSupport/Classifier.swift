import LabelCleaningSupport
import NeuralLayers
import Randomness
import Tensors

/// A network trained on labels as they are, by Adam on batches: what one would do without bilevel optimization.
struct Classifier {
    private static let rate = 0.003
    /// Whatever is more: few samples need more passes.
    private static let leastPasses = 20, leastSteps = 400

    private(set) var network: Perceptron

    /// - Parameters:
    ///   - images: [samples, values].
    ///   - labels: int32 [samples].
    ///   - observe: told the network after each pass over the samples.
    init(
        _ kind: HyperCleaningNetwork, images: [Float], labels: [Int32], classCount: Int, on pool: ThreadPool,
        using random: inout RandomGenerator, observe: (Perceptron) -> Void = { _ in }
    ) {
        let values = images.count / labels.count, batch = CleaningConfiguration.batchSize(of: labels.count)
        network = kind.network(inputs: values, classes: classCount, using: &random)
        let step = BilevelStep(
            CleaningNetwork(network), kind: .none, sizes: .init(batch: batch, trusted: 0, upper: 0),
            rule: .adam(rate: Self.rate), weightDecay: 0, upperRate: 0, trustedWeight: 0)
        for layer in 0..<step.dropout.count { step.dropout.floats(layer).update(repeating: 1) }
        let given = step.given
        for _ in 0..<max(Self.leastPasses, Self.leastSteps / (labels.count / batch)) {
            let order = random.permutation(of: labels.count)
            // Whole batches; what is left over has its turn in another order.
            for first in stride(from: 0, through: labels.count - batch, by: batch) {
                let places = order[first..<(first + batch)], target = given.floats(0)
                for (row, place) in places.enumerated() {
                    for j in 0..<values { target[row * values + j] = images[place * values + j] }
                }
                given.part(1..<2).assign([Tensor(places.map { labels[$0] })])
                _ = step(on: pool)
            }
            network = network.with(step.network.tensors)
            observe(network)
        }
    }
}

import BilevelOptimization
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
        let values = images.count / labels.count, batch = min(labels.count, max(16, min(500, labels.count / 20)))
        network = kind.network(inputs: values, classes: classCount, using: &random)
        let rule = UpdateRule.adam(rate: Self.rate), start = rule.initialState(for: network.tensors)
        let y = network.placeholders("y"), state = start.map { $0.placeholder("state") }
        let samples = [
            Tensor.placeholder("images", shape: [batch, values]),
            Tensor.placeholder("labels", shape: [batch], elementType: .int32),
        ]
        let f = y(samples[0]).meanCrossEntropy(labels: samples[1])
        let stepped = rule.step(y.tensors, gradient: gradient(of: f, withRespectTo: y.tensors), state: state)
        let function = CompiledFunction(of: [y.tensors, state, samples], to: [stepped.variable, stepped.state])
        let replay = Replay(function), given = Point(function.arguments[2])
        var current = (Point(copying: network), Point(copying: start))
        var next = (Point(function.arguments[0]), Point(function.arguments[1]))
        for _ in 0..<max(Self.leastPasses, Self.leastSteps / (labels.count / batch)) {
            let order = random.permutation(of: labels.count)
            // Whole batches; what is left over has its turn in another order.
            for first in stride(from: 0, through: labels.count - batch, by: batch) {
                let places = order[first..<(first + batch)], target = given.floats(0)
                for (row, place) in places.enumerated() {
                    for j in 0..<values { target[row * values + j] = images[place * values + j] }
                }
                given.part(1..<2).assign([Tensor(places.map { labels[$0] })])
                replay(current.0, current.1, given, into: next.0, next.1, on: pool)
                swap(&current, &next)
            }
            network = network.with(current.0.tensors)
            observe(network)
        }
    }
}

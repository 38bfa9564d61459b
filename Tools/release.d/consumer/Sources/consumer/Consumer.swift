import BilevelOptimization
import NeuralLayers
import Randomness
import Tensors

/// Weighs 20 samples, 5 of them mislabelled, by how a classifier trained on them does on 20 others.
@main struct Consumer {
    static func main() throws {
        var random = RandomGenerator(seed: 1)
        let labels = (0..<20).map { Int32($0 % 2) }
        var pixels: [Float] = []
        for label in labels {
            for j in 0..<4 { pixels.append((Int(label) == j % 2 ? 1 : 0) + Float(random.normal()) * 0.1) }
        }
        let images = Tensor(pixels, shape: [20, 4])
        let right = Tensor(labels), given = Tensor(labels.enumerated().map { $0 < 5 ? 1 - $1 : $1 })
        let problem = BilevelProblem<Tensor, Perceptron>(
            upperObjective: { _, network in network(images).meanCrossEntropy(labels: right) },
            lowerObjective: { weights, network in
                (weights.sigmoid() * network(images).crossEntropy(labels: given)).mean()
            })
        let solver = try Solver(
            problem, method: .rhg(innerIterations: 20, lowerRate: 1), upperRule: .adam(rate: 0.3),
            upper: Tensor.zeros([20]), lower: Perceptron(widths: [4, 2], activation: .relu, using: &random))
        for _ in 0..<50 { _ = try solver.step() }
        let found = solver.upper.scalars.enumerated().sorted { $0.element < $1.element }.prefix(5)
        print("wrong: \(found.map { $0.offset }.sorted())")
    }
}

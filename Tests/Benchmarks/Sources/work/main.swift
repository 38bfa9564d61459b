import BilevelOptimization
import Foundation
import NeuralLayers
import Randomness
import Tensors

// work NAME COUNT: does a piece of work so many times, on one thread. What a process costs at its start is no part of a
// difference of two counts.

/// Traces, differentiates and compiles a network of three layers.
func compile() {
    var random = RandomGenerator(seed: 1)
    let network = Perceptron(widths: [8, 16, 16, 4], activation: .relu, using: &random)
    let images = Tensor.placeholder("images", shape: [10, 8]), labels = Tensor.placeholder("labels", shape: [10, 4])
    let loss = ((network(images) - labels).squared()).mean()
    let program = Program(inputs: [images, labels], outputs: [loss, gradient(of: loss, withRespectTo: [images])[0]])
    precondition("\(program)".hasPrefix("program: 2 inputs"))
}

/// A replay of a dozen small instructions: what a run costs beside its kernels.
func smallReplay() -> () -> Void {
    let x = Tensor.placeholder("x", shape: [4, 3]), w = Tensor.placeholder("w", shape: [3])
    let loss = (x * w).sigmoid().mean()
    let program = Program(
        inputs: [x, w],
        outputs: [
            loss, gradient(of: loss, withRespectTo: [w])[0],
            hessianVectorProduct(of: loss, withRespectTo: w, vector: .ones([3])),
        ])
    let images = Tensor([Float](repeating: 0.5, count: 12), shape: [4, 3]), weights = Tensor([1, -1, 2] as [Float])
    return { _ = program([images, weights]) }
}

/// An upper iteration of IAPTT-GM with K = 20 on a quadratic problem of 16 variables a level.
func smallProblem() throws -> () throws -> Void {
    let a = Tensor((0..<16).map { 0.5 + Double($0) / 8 }), t = Tensor((0..<16).map { Double($0 % 3) - 1 })
    let problem = BilevelProblem<Tensor, Tensor>(
        upperObjective: { x, y in ((y - t).squared().sum() + x.squared().sum() * 0.3) * 0.5 },
        lowerObjective: { x, y in (a * y.squared() * 0.5 - x * y).sum() })
    let zeros = Tensor([Double](repeating: 0, count: 16))
    let solver = try Solver(
        problem, method: .iapttGM(innerIterations: 20, lowerRate: 0.3, initializationRate: 0.1),
        upperRule: .gradientDescent(rate: 0.1), upper: zeros, lower: zeros, threads: 1)
    return { _ = try solver.step() }
}

/// An upper iteration of label weights, K = 10, on 200 samples and a network 64-32-10: kernels of middling size.
func labelWeights() throws -> () throws -> Void {
    var random = RandomGenerator(seed: 1)
    let given = Tensor((0..<200 * 64).map { Float($0 * 37 % 101) / 101 }, shape: [200, 64])
    let labels = Tensor((0..<200).map { Int32($0 * 7 % 10) })
    let problem = BilevelProblem<Tensor, Perceptron>(
        upperObjective: { _, network in network(given).meanCrossEntropy(labels: labels) },
        lowerObjective: { x, network in (x.sigmoid() * network(given).crossEntropy(labels: labels)).mean() })
    let solver = try Solver(
        problem, method: .iapttGM(innerIterations: 10, lowerRate: 0.1, initializationRate: 0.1),
        upperRule: .adam(rate: 0.1), upper: .zeros([200]),
        lower: Perceptron(widths: [64, 32, 10], activation: .relu, using: &random), threads: 1)
    return { _ = try solver.step() }
}

let works: KeyValuePairs<String, () throws -> () throws -> Void> = [
    "compile": { compile }, "small-replay": smallReplay, "small-problem": smallProblem, "label-weights": labelWeights,
]
let arguments = CommandLine.arguments
guard arguments.count == 3, let count = Int(arguments[2]), let work = works.first(where: { $0.key == arguments[1] })
else {
    print(works.map(\.key).joined(separator: "\n"))
    exit(64)
}
let once = try work.value()
for _ in 0..<count { try once() }

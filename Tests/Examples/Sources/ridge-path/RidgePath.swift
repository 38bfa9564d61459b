import BilevelOptimization
import Foundation
import NeuralLayers
import Randomness
import Reporting
import Tensors

/// How much should ridge regression be shrunk? The path of validation losses over λ, and where hypergradients go on it.
///
/// min over x of ‖A' y - b'‖²/n', y minimising ‖A y - b‖²/n + eˣ ‖y‖²: x is log λ, y the coefficients.
@main struct RidgePath {
    static func main() throws {
        var random = RandomGenerator(seed: 1)
        let truth = random.normal([30, 1])
        func sample(_ count: Int) -> (inputs: Tensor, targets: Tensor) {
            let inputs = random.normal([count, 30]).evaluated()
            return (inputs, (inputs.product(truth) + random.normal([count, 1], deviation: 6)).evaluated())
        }
        let train = sample(40), validation = sample(200)
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { _, y in (validation.inputs.product(y) - validation.targets).squared().mean() },
            lowerObjective: { x, y in
                (train.inputs.product(y) - train.targets).squared().mean() + (x.exp() * y.squared()).sum()
            })
        func solver(_ start: Float) throws -> Solver<Tensor, Tensor> {
            try Solver(
                problem, method: .conjugateGradient(innerIterations: 400, lowerRate: 0.03, adjointIterations: 40),
                upperRule: .adam(rate: 0.2), upper: Tensor([start]), lower: .zeros([30, 1]))
        }
        // The path: the loss where x stands still.
        var path: [(x: Double, y: Double)] = []
        for x in stride(from: Float(-5), through: 3, by: 0.5) {
            path.append((Double(x), try solver(x).step().upperValue))
        }
        // The same from no idea at all, by hypergradients.
        let learning = try solver(-5)
        var steps: [(x: Double, y: Double)] = []
        for _ in 0..<100 {
            let x = learning.upper.scalar
            steps.append((x, try learning.step().upperValue))
        }
        print("learned log λ \(steps.last!.x), validation loss \(steps.last!.y); on the grid \(path.map(\.y).min()!)")
        try LineChart(
            title: "Ridge regression: validation loss", xLabel: "log λ", yLabel: "mean squared error",
            series: [.init("grid of 17 runs", path), .init("100 hypergradient steps from -5", steps)]
        ).svg.write(toFile: "ridge-path.svg", atomically: true, encoding: .utf8)
    }
}

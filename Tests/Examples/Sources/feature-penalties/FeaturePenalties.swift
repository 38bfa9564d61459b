import BilevelOptimization
import Foundation
import NeuralLayers
import Randomness
import Reporting
import Tensors

/// Which features matter? Logistic regression with a penalty of its own for each of 40 features, 10 of which matter.
///
/// min over x of F(y) on validation samples, y minimising the training loss + Σ softplus(x_j) y_j².
@main struct FeaturePenalties {
    static func main() throws {
        var random = RandomGenerator(seed: 2)
        let truth = Tensor((0..<40).map { Float($0 < 10 ? 1.5 : 0) }, shape: [40, 1])
        func sample(_ count: Int) -> (inputs: Tensor, signs: Tensor) {
            let inputs = random.normal([count, 40]).evaluated()
            let noisy = inputs.product(truth) + random.normal([count, 1])
            return (inputs, (noisy.greater(0) * 2 - 1).evaluated())  // 1 or -1
        }
        let train = sample(100), validation = sample(300), test = sample(2000)
        @Sendable func loss(_ data: (inputs: Tensor, signs: Tensor), _ y: Tensor) -> Tensor {
            (-(data.signs * data.inputs.product(y))).softplus().mean()
        }
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { _, y in loss(validation, y) },
            lowerObjective: { x, y in loss(train, y) + (x.softplus() * y.squared()).mean() })
        let solver = try Solver(
            problem, method: .conjugateGradient(innerIterations: 100, lowerRate: 1, initialization: .warmStart),
            upperRule: .adam(rate: 0.1), upper: .zeros([40, 1]), lower: .zeros([40, 1]))
        var courses: [(x: Double, y: Double)] = []
        for i in 0..<150 { courses.append((Double(i), try solver.step().upperValue)) }
        func accuracy(_ y: Tensor) -> Double { (test.signs * test.inputs.product(y)).greater(0).mean().scalar }
        let penalties = solver.upper.softplus().scalars
        print("validation loss \(courses[0].y) to \(courses.last!.y), test accuracy \(accuracy(solver.lower))")
        try Histogram(
            title: "Penalties learned for 40 features", xLabel: "penalty",
            series: [("10 that matter", Array(penalties[..<10])), ("30 that do not", Array(penalties[10...]))]
        ).svg.write(toFile: "feature-penalties.svg", atomically: true, encoding: .utf8)
    }
}

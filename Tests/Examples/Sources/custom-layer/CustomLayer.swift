import BilevelOptimization
import Foundation
import NeuralLayers
import Randomness
import Reporting
import Tensors

/// A layer of three lines: sin(ω x), a frequency for each unit, learned by the upper level on validation samples.
struct Sines: TensorTree {
    var frequencies: Tensor
    func callAsFunction(_ input: Tensor) -> Tensor { (input * frequencies).sin() }
    mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows { try visit("ω", &frequencies) }
}

@main struct CustomLayer {
    static func main() throws {
        var random = RandomGenerator(seed: 3)
        func curve(_ x: Tensor) -> Tensor { (x * 3).sin() + (x * 7).sin() * 0.5 }
        func sample(_ count: Int) -> (x: Tensor, value: Tensor) {
            let x = (random.normal([count, 1]) * 1.2).evaluated()
            return (x, (curve(x) + random.normal([count, 1], deviation: 0.1)).evaluated())
        }
        let train = sample(80), validation = sample(80)
        let problem = BilevelProblem<Sines, Linear>(
            upperObjective: { sines, last in (last(sines(validation.x)) - validation.value).squared().mean() },
            lowerObjective: { sines, last in
                (last(sines(train.x)) - train.value).squared().mean() + last.weight.squared().sum() * 1e-3
            })
        let start = Sines(frequencies: Tensor((1...12).map { Float($0) * 0.8 }, shape: [1, 12]))
        let solver = try Solver(
            problem, method: .conjugateGradient(innerIterations: 200, lowerRate: 0.1, initialization: .warmStart),
            upperRule: .adam(rate: 0.02), upper: start, lower: Linear(inputs: 12, outputs: 1, using: &random))
        var report = try solver.step()
        let before = report.upperValue
        for _ in 0..<150 { report = try solver.step() }
        print("validation error \(before) to \(report.upperValue)")
        let x = Tensor((0...200).map { Float($0) * 0.02 - 2 }, shape: [201, 1])
        func points(_ y: Tensor) -> [(x: Double, y: Double)] { zip(x.scalars, y.scalars).map { ($0, $1) } }
        try LineChart(
            title: "A curve of sines with learned frequencies", xLabel: "x", yLabel: "",
            series: [.init("learned", points(solver.lower(solver.upper(x)))), .init("true", points(curve(x)))]
        ).svg.write(toFile: "custom-layer.svg", atomically: true, encoding: .utf8)
    }
}

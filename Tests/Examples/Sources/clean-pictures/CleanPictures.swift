import BilevelOptimization
import Datasets
import Foundation
import NeuralLayers
import Randomness
import Reporting
import Tensors

/// Which labels are wrong? `clean-pictures FOLDER CHECKED.csv`: a folder of PNG files for each class, and names with
/// labels that you know. Every other picture gets a weight; those that do harm lose it.
@main struct CleanPictures {
    static func main() throws {
        guard CommandLine.arguments.count > 2 else { return print("expected FOLDER CHECKED.csv") }
        let source = try CleaningSource(path: CommandLine.arguments[1], side: 16), samples = source.samples
        let checked = try source.trusted(CommandLine.arguments[2])
        let rest = samples.labels.indices.filter { !checked.indices.contains($0) }
        func pixels(_ rows: [Int]) -> Tensor {
            Tensor(samples.floats(of: rows), shape: [rows.count, samples.valuesPerSample])
        }
        let clean = pixels(checked.indices), cleanLabels = Tensor(checked.labels)
        let given = pixels(rest), givenLabels = Tensor(rest.map { samples.labels[$0] })
        let problem = BilevelProblem<Tensor, Perceptron>(
            upperObjective: { _, network in network(clean).meanCrossEntropy(labels: cleanLabels) },
            lowerObjective: { x, network in
                (x.sigmoid() * network(given).crossEntropy(labels: givenLabels)).mean()
            })
        var random = RandomGenerator(seed: 0)
        let network = Perceptron(
            widths: [samples.valuesPerSample, samples.classCount], activation: .relu, using: &random)
        let solver = try Solver(
            problem, method: .iapttGM(innerIterations: 30, lowerRate: 0.03, initializationRate: 0.03),
            upperRule: .adam(rate: 0.1), upper: .zeros([rest.count]), lower: network, threads: 2)
        for _ in 0..<100 { _ = try solver.step() }
        let said = solver.lower(given).softmax().scalars
        let chances = rest.indices.map { said[$0 * samples.classCount + Int(samples.labels[rest[$0]])] }
        for i in chances.indices.sorted(by: { chances[$0] < chances[$1] }).prefix(20) {
            print(chances[i], samples.names[rest[i]])
        }
        try Histogram(
            title: "What the network thinks of \(rest.count) labels", xLabel: "probability of the given label",
            series: [("pictures", chances)]
        ).svg.write(toFile: "clean-pictures.svg", atomically: true, encoding: .utf8)
    }
}

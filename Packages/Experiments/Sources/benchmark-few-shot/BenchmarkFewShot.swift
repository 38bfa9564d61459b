import ArgumentParser
import BilevelOptimization
import FewShotSupport
import Foundation
import Randomness
import Reporting
import RunSupport
import Tensors

/// The Swift side of `Tools/benchmark few-shot`: holds a meta-batch and does one meta-iteration whenever standard input
/// says `step`.
@main
struct BenchmarkFewShot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark-few-shot",
        abstract: "One meta-iteration per line `step` on standard input; used by Tools/benchmark.")

    @Option(help: "Folder with the raw arrays written by the benchmark.") var exchange: String
    @Option var backbone = "omniglot"
    @Option(help: "Lower steps K.") var innerIterations = 10
    @Option(help: "1 … K, or pessimistic.") var truncation = "pessimistic"
    @Option(help: "descent, or a head that is solved exactly: prototypes, ridge, logistic.") var head = "descent"
    @Option var lowerRate = 0.1
    @Option var threads = 2
    @Option var precision = "float32"
    @Flag var profile = false

    struct Sizes: Decodable {
        let ways: Int, shots: Int, queries: Int, channels: Int, height: Int, width: Int, tasks: Int, hidden: Int
    }

    func run() throws {
        let exchange = BenchmarkExchange(self.exchange),
            sizes = try JSONDecoder().decode(Sizes.self, from: exchange.file("sizes.json"))
        guard let type = ElementType(rawValue: precision), let name = FewShotProblem.BackboneName(rawValue: backbone),
            let solution = FewShotProblem.Solution(rawValue: head)
        else {
            throw ValidationError("precision, backbone or head not known: \(precision), \(backbone), \(head)")
        }
        var random = RandomGenerator(seed: 0)
        let few = try FewShotProblem(
            ways: sizes.ways, shots: sizes.shots, queries: sizes.queries,
            image: (sizes.channels, sizes.height, sizes.width),
            backbone: name, hidden: sizes.hidden, solution: solution, using: &random, elementType: type)
        func load<Tree: TensorTree>(_ tree: Tree, _ prefix: String) throws -> Tree {
            tree.with(
                try tree.tensors.enumerated().map { i, tensor in
                    try exchange.tensor("\(prefix)_\(i).f32", tensor.shape, type)
                })
        }
        let chosen: Truncation = truncation == "pessimistic" ? .pessimistic : .at(Int(truncation) ?? innerIterations)
        let descent = Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: .learned(.adam(rate: 1e-3)), truncation: chosen)
        // Where the head is solved, an episode's images are normalized together, as those methods are trained.
        let solver = try MetaSolver(
            few.problem(solution == .descent ? .apart : .together),
            method: solution.method(innerIterations: innerIterations, tolerance: 1e-13) ?? descent,
            upperRule: .adam(rate: 1e-3), upper: load(few.shared, "x"),
            lower: load(few.head, "z"),
            data: few.template(elementType: type), batchSize: sizes.tasks, threads: threads)
        let template = few.template(elementType: type)
        let tasks = try (0..<sizes.tasks).map {
            try [
                exchange.tensor("support_\($0).f32", template.support.shape, type),
                exchange.tensor("query_\($0).f32", template.query.shape, type), template.rateFactor,
            ]
        }
        BenchmarkExchange.answer(#"{"ready":true}"#)
        while let line = readLine() {
            switch line {
            case "step":
                let report = try solver.step { index, data in data.assign(tasks[index]) }
                BenchmarkExchange.answer(
                    """
                    {"seconds":\(report.seconds),"upperValue":\(report.upperValue),\
                    "truncation":\(report.meanTruncation),\
                    "peakMemoryBytes":\(PeakMemory.bytes)}
                    """)
                if profile { print(solver.profile) }
            case "hypergradient":
                let report = try solver.computeHypergradient { index, data in data.assign(tasks[index]) }
                for (i, tensor) in solver.hypergradient.tensors.enumerated() {
                    try write(tensor, "swift_x_\(i).f64", exchange)
                }
                for (i, tensor) in solver.initializationGradient.tensors.enumerated() {
                    try write(tensor, "swift_z_\(i).f64", exchange)
                }
                BenchmarkExchange.answer(
                    #"{"upperValue":\#(report.upperValue),"truncation":\#(report.meanTruncation)}"#)
            case "quit": return
            default: BenchmarkExchange.answer(#"{"error":"expected step, hypergradient or quit"}"#)
            }
        }
    }

    private func write(_ tensor: Tensor, _ name: String, _ exchange: BenchmarkExchange) throws {
        try exchange.write(tensor.scalars.withUnsafeBytes { Data($0) }, to: name)
    }
}

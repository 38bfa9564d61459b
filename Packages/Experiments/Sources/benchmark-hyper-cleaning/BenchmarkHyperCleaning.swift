import ArgumentParser
import BilevelOptimization
import Foundation
import HyperCleaningSupport
import NeuralLayers
import Reporting
import RunSupport
import Tensors

/// The Swift side of `Tools/benchmark`: holds one hyper-cleaning problem and does one upper iteration whenever standard
/// input says `step`; answers in JSON lines.
@main
struct BenchmarkHyperCleaning: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark-hyper-cleaning",
        abstract: "One upper iteration per line `step` on standard input; used by Tools/benchmark.")

    @Option(help: "Folder with the raw arrays written by the benchmark.") var exchange: String
    @Option(help: "linear, deep-linear or mlp.") var network = "deep-linear"
    @Option(help: "Lower steps K.") var innerIterations = 100
    @Option(help: "1 … K, K, or pessimistic.") var truncation = "pessimistic"
    @Option var threads = 2
    @Option(help: "float32 or float64.") var precision = "float32"
    @Option var lowerRate = 0.03
    @Flag(help: "Print the compiled programs and the time of each instruction after the first step.") var profile =
        false

    struct Sizes: Decodable { let train: Int, validation: Int, inputs: Int, hidden: Int, classes: Int }

    func run() throws {
        let exchange = BenchmarkExchange(self.exchange),
            sizes = try JSONDecoder().decode(Sizes.self, from: exchange.file("sizes.json"))
        guard let type = ElementType(rawValue: precision), let kind = HyperCleaningNetwork(rawValue: network) else {
            throw ValidationError("precision or network not known: \(precision), \(network)")
        }
        func floats(_ name: String, _ shape: Shape) throws -> Tensor { try exchange.tensor(name, shape, type) }
        let problem = try HyperCleaningProblem(
            trainingImages: floats("train_images.f32", [sizes.train, sizes.inputs]),
            trainingLabels: Tensor(exchange.array("train_labels.i32", as: Int32.self)),
            validationImages: floats("validation_images.f32", [sizes.validation, sizes.inputs]),
            validationLabels: Tensor(exchange.array("validation_labels.i32", as: Int32.self)))
        let widths = kind == .linear ? [sizes.inputs, sizes.classes] : [sizes.inputs, sizes.hidden, sizes.classes]
        let layers = try zip(widths, widths.dropFirst()).enumerated().map { i, width in
            try Linear(weight: floats("w\(i + 1).f32", [width.1, width.0]), bias: floats("b\(i + 1).f32", [width.1]))
        }
        let chosen: Truncation =
            truncation == "pessimistic" ? .pessimistic : .at(truncation == "K" ? innerIterations : Int(truncation) ?? 0)
        let method = Method(
            dynamics: .descent(.gradientDescent(rate: lowerRate)), innerIterations: innerIterations,
            initialization: .learned(.gradientDescent(rate: lowerRate)), truncation: chosen)
        let solver = try Solver(
            problem.problem, method: method, upperRule: .adam(rate: 0.01), upper: floats("x.f32", [sizes.train]),
            lower: Perceptron(layers: layers, activation: kind == .mlp ? .relu : .identity), threads: threads)
        BenchmarkExchange.answer(#"{"ready":true}"#)
        while let line = readLine() {
            switch line {
            case "step":
                let report = try solver.step()
                BenchmarkExchange.answer(
                    """
                    {"seconds":\(report.seconds),"forwardSeconds":\(report.forwardSeconds),\
                    "backwardSeconds":\(report.backwardSeconds),"truncation":\(report.truncation),\
                    "upperValue":\(report.upperValue),"peakMemoryBytes":\(PeakMemory.bytes)}
                    """)
                if profile { print(solver.profileText) }
            case "profile":
                let profile = solver.profile
                BenchmarkExchange.answer(
                    """
                    {"productShare":\(profile.productShare),"productGigaflops":\(profile.productRate * 1e-9),\
                    "peakProductGigaflops":\(peakProductRate * 1e-9)}
                    """)
            case "hypergradient":
                let report = try solver.computeHypergradient()
                try write(solver.hypergradient, "swift_gx.bin", exchange)
                for (tensor, name) in zip(solver.initializationGradient.tensors, ["gw1", "gb1", "gw2", "gb2"]) {
                    try write(tensor, "swift_\(name).bin", exchange)
                }
                BenchmarkExchange.answer(#"{"truncation":\#(report.truncation),"upperValue":\#(report.upperValue)}"#)
            case "quit": return
            default: BenchmarkExchange.answer(#"{"error":"expected step, profile, hypergradient or quit"}"#)
            }
        }
    }

    /// Floating-point operations a second of a product of two large matrices on as many threads, the best of five: what
    /// the machine gives. (No power of two: rows that lie one apart would share a cache line's place.)
    private var peakProductRate: Double {
        let n = 2000, matrix = Tensor.placeholder("a", shape: [n, n])
        let product = Replay(CompiledFunction(of: [[matrix]], to: [[matrix.product(matrix)]]))
        let ones = Point(copying: [Tensor.ones([n, n]).evaluated()]), result = Point(ones.layout)
        let pool = ThreadPool(threadCount: threads)
        let seconds = (0..<5).map { _ in
            ContinuousClock().measure { product(ones, into: result, on: pool) } / .seconds(1)
        }
        return 2 * Double(n * n * n) / seconds.min()!
    }

    private func write(_ tensor: Tensor, _ name: String, _ exchange: BenchmarkExchange) throws {
        try exchange.write(
            Data(bytes: tensor.storage.address, count: tensor.count * tensor.elementType.byteCount), to: name)
    }
}

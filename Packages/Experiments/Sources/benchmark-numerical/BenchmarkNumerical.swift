import ArgumentParser
import BilevelOptimization
import Foundation
import NumericalExampleSupport
import Reporting
import RunSupport
import Tensors

/// The Swift side of `Tools/benchmark numerical`: runs upper iterations of eq. 10 whenever standard input gives a
/// number of them.
@main
struct BenchmarkNumerical: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark-numerical",
        abstract: "As many upper iterations of eq. 10 as each line of standard input says; used by Tools/benchmark.")

    @Option(help: "Lower steps K.") var innerIterations = 40
    @Option(help: "Coordinates of x and y.") var dimension = 1
    @Option(help: "float32 or float64.") var precision = "float64"
    @Option var threads = 1
    @Flag(help: "Print the compiled programs and the time of each instruction at the end.") var profile = false

    func run() throws {
        guard let type = ElementType(rawValue: precision), type.isFloatingPoint else {
            throw ValidationError("--precision: float32 or float64 expected, got \(precision)")
        }
        let method = Method.iapttGM(innerIterations: innerIterations, lowerRate: 5e-4, initializationRate: 0.1)
        let solver = try Solver(
            NumericalProblem.nonconvex.problem(dimension: dimension, elementType: type), method: method,
            upperRule: .gradientDescent(rate: 0.1),
            upper: Tensor(repeating: 1, shape: [dimension], elementType: type).evaluated(),
            lower: [Tensor(repeating: 2, shape: [dimension], elementType: type).evaluated()], threads: threads)
        BenchmarkExchange.answer(#"{"ready":true}"#)
        while let line = readLine(), let count = Int(line) {
            let clock = ContinuousClock(), start = clock.now
            var truncations = 0, value = 0.0
            for _ in 0..<count {
                let report = try solver.step()
                truncations += report.truncation
                value = report.upperValue
            }
            let time = (clock.now - start).components
            let seconds = Double(time.seconds) + Double(time.attoseconds) * 1e-18
            BenchmarkExchange.answer(
                """
                {"seconds":\(seconds),"iterations":\(count),"upperValue":\(value),\
                "meanTruncation":\(Double(truncations) / Double(max(count, 1))),\
                "x":\(solver.upper.scalars[0]),"peakMemoryBytes":\(PeakMemory.bytes)}
                """)
        }
        if profile { print(solver.profileText) }
    }
}

import BilevelOptimization
import Foundation
import NeuralLayers
import OutsideMethods
import Randomness
import Tensors
import Testing

/// All parts of this package together: weights of samples in bounds, learned for a low-rank layer.
@Suite struct ResumableRunTests {
    private func solver(inputs: Int = 4) throws -> Solver<Tensor, LowRankLinear> {
        var random = RandomGenerator(seed: 7)
        let layer = LowRankLinear(inputs: inputs, rank: 2, outputs: 3, using: &random)
        let images = random.normal([6, inputs], elementType: .float32), labels = Tensor([0, 1, 2, 0, 1, 2] as [Int32])
        let bounds = CoordinateBounds(lower: [0, 0, 0, 0, 0.5, 0.5], upper: [Double](repeating: 1, count: 6))
        let problem = BilevelProblem<Tensor, LowRankLinear>(
            upperObjective: { _, layer in layer(images).meanCrossEntropy(labels: labels) },
            lowerObjective: { x, layer in (x * layer(images * 0.5).crossEntropy(labels: labels)).mean() },
            upperConstraint: Constraint(bounds))
        let method = Method(
            dynamics: .descent(.gradientDescent(rate: 0.5)), innerIterations: 5, initialization: .warmStart,
            hypergradient: Hypergradient(OneStepImplicit(rate: 0.5)))
        return try Solver(
            problem, method: method, upperRule: .adaGrad(rate: 0.05), upper: Tensor(repeating: 0.75, shape: [6]),
            lower: layer)
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appendingPathComponent("run.safetensors").path)
    }

    @Test func aRunThatWasInterruptedEndsWithTheSameBits() throws {
        let whole = try solver()
        for _ in 0..<7 { _ = try whole.step() }
        try withFolder { file in
            try ResumableRun(solver(), file: file).run(upTo: 3)
            let run = try ResumableRun(solver(), file: file)
            #expect(run.solver.iteration == 3)
            try run.run(upTo: 7)
            for (a, b) in zip(whole.state.tensors, run.solver.state.tensors) {
                #expect(a.name == b.name && a.tensor.scalars == b.tensor.scalars)
            }
            #expect(whole.upper.scalars != [Double](repeating: 0.75, count: 6))
            #expect(throws: SolverError.self) { try ResumableRun(solver(inputs: 5), file: file) }
        }
    }
}

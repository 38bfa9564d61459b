import BilevelOptimization
import Datasets
import Foundation
import NeuralLayers
import Randomness
import Reporting
import Tensors
import Testing

/// A program such as a user writes, over the public faces of all packages: files, splits and noise, a network, a
/// solver, a checkpoint, rows of metrics.
@Suite struct OwnProgramTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("own-\(UUID().uuidString)").path

    /// Standard IDX files: two classes of 4x4 images, bright at the top or at the bottom.
    private func writeImages(count: Int) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var random = RandomGenerator(seed: 9)
        let labels = (0..<count).map { UInt8($0 % 2) }
        let pixels = labels.flatMap { label in
            (0..<16).map { UInt8(($0 / 8 == Int(label) ? 160 : 20) + Int(random.uniform() * 60)) }
        }
        func extent(_ n: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(n >> $0 & 255) } }
        for (name, bytes) in [
            ("images-idx3", [0, 0, 8, 3] + extent(count) + extent(4) + extent(4) + pixels),
            ("labels-idx1", [0, 0, 8, 1] + extent(count) + labels),
        ] { try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/train-\(name)-ubyte")) }
    }

    @Test func wrongLabelsAreFoundAndACheckpointGoesOnToTheSameBits() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try writeImages(count: 120)
        let images = try ImageDataset.mnist.loadTraining(directory: folder)
        var random = RandomGenerator(seed: 1)
        let split = try HyperCleaningSplit(
            count: images.count, heldOutCount: nil, train: 40, validation: 40, test: 40, using: &random)
        let corruption = try LabelCorruption(
            of: images.labels(of: split.train), fraction: 0.2, classCount: 2, draw: .differentClass, using: &random)
        func leaf(_ part: [Int]) -> Tensor { Tensor(images.floats(of: part), shape: [part.count, 16]) }
        let noisy = (leaf(split.train), Tensor(corruption.labels))
        let clean = (leaf(split.validation), Tensor(images.labels(of: split.validation)))
        let network = Perceptron(widths: [16, 2], activation: .identity, using: &random)
        func solver() throws -> Solver<Tensor, Perceptron> {
            let problem = BilevelProblem<Tensor, Perceptron>(
                upperObjective: { _, network in network(clean.0).meanCrossEntropy(labels: clean.1) },
                lowerObjective: { weights, network in
                    (weights.sigmoid() * network(noisy.0).crossEntropy(labels: noisy.1)).mean()
                })
            return try Solver(
                problem, method: .iapttGM(innerIterations: 20, lowerRate: 0.5, initializationRate: 0.03),
                upperRule: .adam(rate: 0.1), upper: .zeros([40]), lower: network)
        }
        let whole = try solver(), output = try RunFolder(path: "\(folder)/run")
        let metrics = try MetricsFile(in: output, columns: ["iteration", "loss"])
        for i in 1...40 {
            let report = try whole.step()
            try metrics.append(["iteration": Double(i), "loss": report.upperValue])
            if i == 20 {
                var checkpoint = Checkpoint()
                for (name, tensor) in whole.state.tensors { checkpoint.add(tensor, as: name) }
                try checkpoint.write(to: "\(output.path)/last.safetensors")
            }
        }
        let weights = whole.upper.scalars
        #expect(zip(weights, corruption.isCorrupted).allSatisfy { ($0 < 0) == $1 }, "weights \(weights)")

        let second = try solver(), file = "\(output.path)/last.safetensors", checkpoint = try Checkpoint(path: file)
        var state = second.state
        state.iteration = 20
        for i in state.tensors.indices {
            let (name, tensor) = state.tensors[i]
            state.tensors[i].tensor = try checkpoint.restored(tensor, from: name, file: file)
        }
        try second.restore(state)
        for _ in 0..<20 { _ = try second.step() }
        #expect(second.upper.scalars == weights)
    }
}

import Foundation
import NeuralLayers
import Randomness
import Tensors
import Testing

@Suite final class SafetensorsTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
        .path
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Written by Python's safetensors 0.4 layout by hand: header length, header, bytes.
    private func file(_ header: String, _ bytes: [UInt8]) throws -> String {
        var data = Data((0..<8).map { UInt8(header.utf8.count >> (8 * $0) & 255) })
        data.append(contentsOf: Array(header.utf8) + bytes)
        try data.write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func aFileLaidOutByHandIsRead() throws {
        let path = try file(
            #"{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"__metadata__":{"k":"v"}}"#,
            [0, 0, 128, 63, 0, 0, 0, 64])
        let checkpoint = try Checkpoint(path: path)
        #expect(checkpoint.notes == ["k": "v"] && checkpoint.tensors.count == 1)
        #expect(
            checkpoint.tensors[0].name == "w" && checkpoint.tensors[0].tensor.shape == [1, 2]
                && checkpoint.tensors[0].tensor.scalars == [1, 2])
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var random = RandomGenerator(seed: 1)
        let layer = Linear(inputs: 3, outputs: 2, using: &random)
        var checkpoint = Checkpoint(notes: ["a": "b"])
        checkpoint.add(layer, as: "layer")
        try checkpoint.write(to: path)
        let read = try Checkpoint(path: path), back = try read.restored(layer, from: "layer", file: path)
        #expect(
            back.weight.scalars == layer.weight.scalars && back.bias.scalars == layer.bias.scalars
                && read.notes == ["a": "b"])
        #expect(throws: CheckpointError.self) {
            _ = try read.restored(Linear(inputs: 4, outputs: 2, using: &random), from: "layer", file: path)
        }
    }

    @Test(arguments: [
        #"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
        #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
        #"{"w":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}"#,
        #"{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
        #"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, #"{"w":[]}"#, "[1]", "{",
    ]) func damagedFilesAreRefused(_ header: String) throws {
        let path = try file(header, [0, 0, 128, 63, 0, 0, 0, 64])
        #expect(throws: CheckpointError.self) { _ = try Checkpoint(path: path) }
        try Data([255, 255, 255, 255, 255, 255, 255, 127]).write(to: URL(fileURLWithPath: path))
        #expect(throws: CheckpointError.self) { _ = try Checkpoint(path: path) }
    }
}

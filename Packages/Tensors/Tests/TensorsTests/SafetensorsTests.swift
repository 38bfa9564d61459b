import Foundation
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
        let tree = [
            Tensor([1, 2.5, -3, 1e-30, 4, 0] as [Float], shape: [3, 2]), Tensor([7.25] as [Double], shape: []),
        ]
        var checkpoint = Checkpoint(notes: ["a": "b\u{301}\""])
        checkpoint.add(tree, as: "layer")
        checkpoint.add(Tensor.zeros([0, 3]), as: "nothing")
        checkpoint.add(Tensor([1, -2] as [Int32]), as: "labels")
        try checkpoint.write(to: path)
        try checkpoint.write(to: path)
        let read = try Checkpoint(path: path), back = try read.restored(tree, from: "layer", file: path)
        #expect(back.map(\.scalars) == tree.map(\.scalars) && read.notes == checkpoint.notes)
        #expect(read.tensors.count == 4)
        #expect(throws: CheckpointError.self) {
            _ = try read.restored([Tensor.zeros([2, 2]), tree[1]], from: "layer", file: path)
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        #expect(
            try !FileManager.default.contentsOfDirectory(atPath: folder).contains {
                $0.hasSuffix("\(URL(fileURLWithPath: path).lastPathComponent).partial")
            })
    }

    @Test func aFileThatCannotBeWrittenIsNamed() {
        #expect { try Checkpoint().write(to: "/proc/nothing/here") } throws: {
            "\($0)".hasPrefix("/proc/nothing/here: the checkpoint cannot be written")
        }
    }

    @Test(arguments: [
        #"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
        #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
        #"{"w":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}"#,
        #"{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
        #"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, #"{"w":[]}"#, "[1]", "{",
        #"{"w":{"dtype":"F32","shape":[2305843009213693954],"data_offsets":[0,8]}}"#,
        #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,-9223372036854775808]}}"#,
        #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"k":1}}"#,
        #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0.5,8]}}"#,
    ]) func damagedFilesAreRefused(_ header: String) throws {
        let path = try file(header, [0, 0, 128, 63, 0, 0, 0, 64])
        #expect(throws: CheckpointError.self) { _ = try Checkpoint(path: path) }
        try Data([255, 255, 255, 255, 255, 255, 255, 127]).write(to: URL(fileURLWithPath: path))
        #expect(throws: CheckpointError.self) { _ = try Checkpoint(path: path) }
    }

    @Test(arguments: [
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
                + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            "a and b overlap"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
                + #""b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            "a and b overlap"
        ),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "the bytes 0..<4 before a belong to no tensor"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "4 bytes behind its tensors belong to none"),
        (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, "a ends at 12 of 8 bytes: the file was cut off"),
        ("{}", "8 bytes behind its tensors belong to none"),
    ]) func everyByteBelongsToOneTensor(_ header: String, _ reason: String) throws {
        let path = try file(header, [0, 0, 128, 63, 0, 0, 0, 64])
        #expect(throws: CheckpointError.damaged(file: path, reason: reason)) { _ = try Checkpoint(path: path) }
    }

    @Test(arguments: [[0, 0, 192, 127], [0, 0, 128, 255], [1, 0, 160, 127]] as [[UInt8]])
    func numbersThatAreNotFiniteAreRefusedByName(_ bits: [UInt8]) throws {
        let header =
            #"{"good":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
            + #""bad":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#
        let path = try file(header, [0, 0, 128, 63] + bits)
        #expect(throws: CheckpointError.notFinite(file: path, tensor: "bad")) { _ = try Checkpoint(path: path) }
    }
}

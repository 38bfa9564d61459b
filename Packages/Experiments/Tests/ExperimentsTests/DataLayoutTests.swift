import DataPreparation
import Datasets
import Foundation
import Testing

@Suite struct DataLayoutTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("layout-\(UUID().uuidString)")
        .path

    private func write(_ bytes: [UInt8], to name: String) throws {
        let url = URL(fileURLWithPath: "\(folder)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    /// One image of each of CIFAR-100's classes, in a subfolder as it is unpacked.
    private func writeCIFAR100(classes: Int = 100) throws {
        func records(_ labels: Range<Int>) -> [UInt8] {
            labels.flatMap { [0, UInt8($0)] + [UInt8](repeating: UInt8($0), count: 3072) }
        }
        try write(records(0..<60), to: "downloads/cifar-100-binary/train.bin")
        try write(records(60..<classes), to: "downloads/cifar-100-binary/test.bin")
        try write(
            Array((0..<100).map { "class \($0)\n" }.joined().utf8),
            to: "downloads/cifar-100-binary/fine_label_names.txt")
    }

    private func prepare(_ layout: DataLayout) throws -> [String] {
        var lines: [String] = []
        try layout.prepare(from: "\(folder)/downloads", into: "\(folder)/data") { lines.append($0) }
        return lines
    }

    private var leftovers: [String] { (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/data")) ?? [] }

    @Test(arguments: [false, true]) func filesAreLaidOutAndChecked(_ packed: Bool) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try writeCIFAR100()
        if packed {
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            tar.arguments = [
                "tar", "-czf", "\(folder)/downloads/cifar-100-binary.tar.gz", "-C", "\(folder)/downloads",
                "cifar-100-binary",
            ]
            try tar.run()
            tar.waitUntilExit()
            try FileManager.default.removeItem(atPath: "\(folder)/downloads/cifar-100-binary")
        }
        let lines = try prepare(.cifar100)
        #expect(lines.contains { $0.hasPrefix("cifar100: 100 classes") } && leftovers == ["cifar100"])
        #expect(
            lines.contains { $0.hasPrefix("cifar-100-binary.tar.gz: not the published file (sha256sum 58a81ae1") }
                == packed)
        #expect(try CIFAR.classes100(directory: "\(folder)/data/cifar100").className(7) == "class 7")
        #expect { _ = try prepare(.cifar100) } throws: {
            "\($0)" == "\(folder)/data/cifar100: no such folder expected yet; remove it to prepare it anew"
        }
    }

    @Test func whatIsWrongIsNamedAndNothingIsLeft() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try writeCIFAR100(classes: 99)
        #expect { _ = try prepare(.cifar100) } throws: { "\($0)" == "cifar100: 100 classes expected, got 99" }
        #expect { _ = try prepare(.mnist) } throws: {
            "\($0)".contains("train-images-idx3-ubyte.gz or train-images-idx3-ubyte expected, it is not there")
        }
        try write([1, 2, 3], to: "downloads/cifar-10-binary.tar.gz")
        #expect { _ = try prepare(.cifar10) } throws: {
            "\($0)".hasSuffix("cifar-10-binary.tar.gz: an intact tar archive expected")
        }
        #expect { try DataLayout.tieredImageNet.prepare(from: nil, into: "\(folder)/data") { _ in } } throws: {
            "\($0)".contains("it cannot be fetched")
        }
        #expect { try DataLayout.mnist.prepare(from: "\(folder)/none", into: "\(folder)/data") { _ in } } throws: {
            "\($0)".contains("it is not there")
        }
        #expect(leftovers.isEmpty)
    }
}

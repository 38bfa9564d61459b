import Datasets
import Foundation
import Randomness
import Testing

func bigEndian(_ n: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(n >> $0 & 255) } }
func idxImages(_ pixels: [UInt8], _ extents: [Int]) -> [UInt8] { [0, 0, 8, 3] + extents.flatMap(bigEndian) + pixels }
func idxLabels(_ labels: [UInt8]) -> [UInt8] { [0, 0, 8, 1] + bigEndian(labels.count) + labels }

/// Python's gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9]), mtime=0).
let gzippedLabels: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 224, 96, 100, 96, 96, 96, 102, 103, 224, 4, 0, 165, 18, 211, 114, 11, 0, 0,
    0,
]

@Suite struct FileTests {
    func complaint(_ fill: (Scratch) throws -> Void) throws -> String {
        let scratch = try Scratch()
        try scratch.write(idxImages([UInt8](0..<12), [3, 2, 2]), "train-images-idx3-ubyte")
        try scratch.write(idxLabels([7, 0, 9]), "train-labels-idx1-ubyte")
        try fill(scratch)
        do { _ = try ImageDataset.mnist.loadTraining(directory: scratch.path) } catch { return error.description }
        return "no complaint"
    }

    @Test func plainFilesAreRead() throws {
        let scratch = try Scratch()
        try scratch.write(idxImages([UInt8](0..<12), [3, 2, 2]), "train-images-idx3-ubyte")
        try scratch.write(idxLabels([7, 0, 9]), "train-labels-idx1-ubyte")
        let images = try ImageDataset.mnist.loadTraining(directory: scratch.path)
        #expect(images.count == 3 && images.height == 2 && images.width == 2)
        #expect(images.labels == [7, 0, 9])
        #expect(images.floats(of: [2, 0]) == [8, 9, 10, 11, 0, 1, 2, 3].map { Float($0) / 255 })
    }

    @Test func damagedFilesAreNamedWithWhatWasExpected() throws {
        #expect(
            try complaint { try FileManager.default.removeItem(atPath: "\($0.path)/train-labels-idx1-ubyte") }.contains(
                "neither is there"))
        #expect(
            try complaint { try $0.write([1, 2, 8, 3], "train-images-idx3-ubyte") }.contains("magic 00 00 expected"))
        #expect(try complaint { try $0.write([0, 0, 13, 3], "train-images-idx3-ubyte") }.contains("type 08"))
        #expect(try complaint { try $0.write(idxLabels([1]), "train-images-idx3-ubyte") }.contains("rank 3"))
        #expect(
            try complaint { try $0.write(idxImages([UInt8](0..<11), [3, 2, 2]), "train-images-idx3-ubyte") }.contains(
                "12 bytes expected at byte 16, the file has 11"))
        #expect(
            try complaint { try $0.write(idxImages([UInt8](0..<13), [3, 2, 2]), "train-images-idx3-ubyte") }.contains(
                "more follows"))
        #expect(
            try complaint { try $0.write(idxImages([], [1 << 30, 1 << 30, 1 << 30]), "train-images-idx3-ubyte") }
                .contains("exceed"))
        #expect(
            try complaint { try $0.write(idxLabels([1, 2]), "train-labels-idx1-ubyte") }.contains("3 labels expected"))
        #expect(
            try complaint { try $0.write(idxLabels([1, 2, 10]), "train-labels-idx1-ubyte") }.contains(
                "got 10 at index 2 and no 0"))
        #expect(try complaint { _ in } == "no complaint")
    }

    @Test func gzipIsReadAndItsTruncationIsNoticed() throws {
        func load(_ bytes: [UInt8]) throws -> [Int32] {
            let scratch = try Scratch()
            try scratch.write(idxImages([UInt8](0..<12), [3, 2, 2]), "train-images-idx3-ubyte")
            try scratch.write(bytes, "train-labels-idx1-ubyte.gz")
            return try ImageDataset.mnist.loadTraining(directory: scratch.path).labels
        }
        #expect(try load(gzippedLabels) == [7, 0, 9])
        for length in 10..<gzippedLabels.count {
            #expect(throws: DatasetError.self, "cut to \(length) bytes") { try load(Array(gzippedLabels[..<length])) }
        }
        var damaged = gzippedLabels
        damaged[gzippedLabels.count - 8] ^= 1  // the checksum
        #expect(throws: DatasetError.self) { try load(damaged) }
    }

    @Test func cifarRecordsAreReadInTheOrderOfTheirFiles() throws {
        let scratch = try Scratch()
        try scratch.write([3] + [UInt8](repeating: 1, count: 3072), "data_batch_2.bin")
        try scratch.write([4] + [UInt8](repeating: 2, count: 3072), "data_batch_1.bin")
        let images = try ImageDataset.cifar10.loadTraining(directory: scratch.path)
        #expect(images.labels == [4, 3] && images.channels == 3 && images.pixels[0] == 2 && images.pixels[3072] == 1)
        try scratch.write([4, 5], "data_batch_1.bin")
        #expect(throws: DatasetError.self) { try ImageDataset.cifar10.loadTraining(directory: scratch.path) }
    }

    static let fashion = "/usr/share/datasets/fashion-mnist"

    @Test(.enabled(if: FileManager.default.fileExists(atPath: fashion), "needs Debian's dataset-fashion-mnist"))
    func realFashionMNISTHasItsPublishedSizes() throws {
        let images = try ImageDataset.fashionMNIST.loadTraining(directory: FileTests.fashion)
        #expect(images.count == 60_000 && images.height == 28 && images.width == 28)
        for label in 0..<10 { #expect(images.labels.count { $0 == label } == 6_000) }
        #expect(try ImageDataset.fashionMNIST.loadTest(directory: FileTests.fashion).count == 10_000)
    }
}

@Suite struct HashTests {
    @Test func knownDigests() {
        func digest(_ text: String) -> String {
            var hash = SHA256()
            hash.update(Array(text.utf8))
            return hash.finalized()
        }
        #expect(digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            digest(String(repeating: "a", count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
}

@Suite struct SplitTests {
    @Test func aSplitDrawsWithoutReplacement() throws {
        var random = RandomGenerator(seed: 1)
        let split = try HyperCleaningSplit(count: 100, train: 40, validation: 30, test: 30, using: &random)
        #expect(Set(split.train + split.validation + split.test) == Set(0..<100))
        #expect(throws: DatasetError.self) {
            try HyperCleaningSplit(count: 100, train: 40, validation: 30, test: 31, using: &random)
        }
        #expect(throws: DatasetError.self) {
            try HyperCleaningSplit(count: 100, train: 0, validation: 30, test: 31, using: &random)
        }
    }

    @Test func validationAndTestMayComeFromASecondFile() throws {
        var random = RandomGenerator(seed: 1)
        let split = try HyperCleaningSplit(
            count: 50, heldOutCount: 20, train: 50, validation: 8, test: 12, using: &random)
        #expect(Set(split.train) == Set(0..<50) && Set(split.validation + split.test) == Set(0..<20))
        func complaint(_ train: Int, _ validation: Int) -> String {
            do {
                _ = try HyperCleaningSplit(
                    count: 50, heldOutCount: 20, train: train, validation: validation, test: 12, using: &random)
            } catch { return error.description }
            return ""
        }
        #expect(complaint(51, 8) == "split: train 51 samples asked for, the training file has 50")
        #expect(complaint(50, 9) == "split: validation 9 + test 12 = 21 samples asked for, the test file has 20")
    }

    @Test func corruptionReplacesExactlyTheFractionByAnotherClassUniformly() throws {
        var random = RandomGenerator(seed: 2)
        let labels = (0..<10_000).map { Int32($0 % 10) }
        let corruption = try LabelCorruption(of: labels, fraction: 0.5, classCount: 10, using: &random)
        #expect(corruption.isCorrupted.count { $0 } == 5_000)
        for i in labels.indices { #expect((corruption.labels[i] != labels[i]) == corruption.isCorrupted[i]) }
        // Each of the nine shifts is drawn about 5000/9 = 556 times; five deviations are 111.
        for shift in 1..<10 {
            let drawn = labels.indices.count {
                corruption.isCorrupted[$0] && (corruption.labels[$0] - labels[$0] + 10) % 10 == Int32(shift)
            }
            #expect(abs(drawn - 556) < 111)
        }
        for fraction in [-0.1, 1, .nan] {
            #expect(throws: DatasetError.self) {
                try LabelCorruption(of: labels, fraction: fraction, classCount: 10, using: &random)
            }
        }
    }

    @Test func theReferenceQuirkLeavesATenthTrue() throws {
        var random = RandomGenerator(seed: 3)
        let labels = [Int32](repeating: 4, count: 10_000)
        let corruption = try LabelCorruption(of: labels, fraction: 0.5, classCount: 10, draw: .anyClass, using: &random)
        let unchanged = labels.indices.count { corruption.isCorrupted[$0] && corruption.labels[$0] == 4 }
        #expect(abs(unchanged - 500) < 107)  // five deviations of a binomial(5000, 0.1)
    }
}

import Foundation
import Testing

/// What `hyper-cleaning` does with IDX, gzip and CIFAR files as they come out of archives and downloads.
@Suite struct CleaningCaseTests {
    private func run(_ item: CleaningCase) throws -> RealLife.Answer {
        let life = try RealLife()
        for file in item.files { try life.write(file.bytes, "data/\(file.name)") }
        let answer = try life.run(
            "hyper-cleaning",
            [
                "--dataset", item.dataset, "--data-directory", "\(life.path)/data", "--network", "linear",
                "--train-size", "10", "--validation-size", "10", "--test-size", "10", "--outer-iterations", "1",
                "--inner-iterations", "1", "--evaluate-every", "1", "--threads", "1",
            ])
        // The folder goes with `life`, so what was written is looked at here.
        if answer.status == 0 { #expect(answer.text("weights.csv").split(separator: "\n").count == 11) }
        return answer
    }

    @Test("files of real life are read, and what lies beside them is said", arguments: CleaningCase.read)
    func reading(_ item: CleaningCase) throws {
        let answer = try run(item)
        #expect(answer.status == 0 && answer.lines.count == item.says.count, "\(answer.lines)")
        for (line, end) in zip(answer.lines, item.says) { #expect(line.hasSuffix(end), "\(line)") }
    }

    @Test("what is wrong with files is said in one line, and nothing is written", arguments: CleaningCase.refused)
    func refusing(_ item: CleaningCase) throws { try run(item).expectRefusal(item.says) }
}

/// Files, and what is to be said about them. The number of a case stands before its name.
struct CleaningCase: Sendable, CustomTestStringConvertible {
    struct File: Sendable {
        let name: String, bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }
    }

    let name: String, files: [File], says: [String]
    var dataset = "mnist"

    init(_ name: String, _ files: [File], says: [String] = [], dataset: String = "mnist") {
        (self.name, self.files, self.says, self.dataset) = (name, files, says, dataset)
    }

    var testDescription: String { name }

    static let imagesName = "train-images-idx3-ubyte", labelsName = "train-labels-idx1-ubyte"
    static let xz: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 4]

    static func idx(_ extents: Int...) -> [UInt8] {
        var bytes: [UInt8] = [0, 0, 8, UInt8(extents.count)]
        for extent in extents {
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: extent >> shift)) }
        }
        return bytes
    }

    /// 60 images of 4 x 4 whose pixels tell the class.
    static func images(classes: Int = 10) -> [UInt8] {
        var bytes = idx(60, 4, 4)
        for image in 0..<60 {
            for pixel in 0..<16 { bytes.append(pixel == image % classes ? 255 : 0) }
        }
        return bytes
    }

    static func labels(classes: Int = 10) -> [UInt8] { idx(60) + (0..<60).map { UInt8($0 % classes) } }

    static let labelsFile = File(labelsName, labels())

    /// With good labels.
    static func images(_ name: String, _ bytes: [UInt8], _ suffix: String = "", says: [String] = []) -> CleaningCase {
        CleaningCase(name, [File(imagesName + suffix, bytes), labelsFile], says: says)
    }

    /// The lines end with these words.
    static let read: [CleaningCase] = [
        CleaningCase(
            "15 names with a dot",
            [File("train-images.idx3-ubyte", images()), File("train-labels.idx1-ubyte", labels())]),
        CleaningCase(
            "15 names with a dot, one compressed",
            [File("train-images.idx3-ubyte.gz", Packed.gzip(images())), File("train-labels.idx1-ubyte", labels())]),
        CleaningCase(
            "15b a folder of the file's name, the file beside it",
            [File("\(imagesName)/\(imagesName)", images()), File("train-images.idx3-ubyte", images()), labelsFile],
            says: ["train-images.idx3-ubyte is read, train-images-idx3-ubyte beside it is not"]),
        CleaningCase(
            "15b the file twice, plain and compressed",
            [File(imagesName, images()), File("\(imagesName).gz", Packed.gzip(images())), labelsFile],
            says: ["train-images-idx3-ubyte is read, train-images-idx3-ubyte.gz beside it is not"]),
        CleaningCase(
            "16b twelve classes", [File(imagesName, images(classes: 12)), File(labelsName, labels(classes: 12))]),
        CleaningCase("16b two classes", [File(imagesName, images(classes: 2)), File(labelsName, labels(classes: 2))]),
        images("18 not compressed though called .gz", images(), ".gz"),
        images(
            "18 gzip in three members, one of them empty",
            Packed.gzip(Array(images()[..<99])) + Packed.gzip([]) + Packed.gzip(Array(images()[99...])), ".gz"),
        images("18 gzip padded with zeros", Packed.gzip(images()) + [UInt8](repeating: 0, count: 512), ".gz"),
    ]

    /// The line holds these words.
    static let refused: [CleaningCase] =
        [
            CleaningCase(
                "15b a folder where the file should be", [File("\(imagesName)/\(imagesName)", images()), labelsFile],
                says: ["\(imagesName): a file expected, this is a folder with \(imagesName) in it"]),
            CleaningCase(
                "15 a name that is nearly right", [File("train_images.idx3", images()), labelsFile],
                says: ["\(imagesName) or \(imagesName).gz expected", "train_images.idx3 is"]),
            CleaningCase(
                "16b classes with a gap",
                [File(imagesName, idx(3, 1, 1) + [0, 0, 0]), File(labelsName, idx(3) + [0, 1, 255])],
                says: ["got 255 at index 2"]),
            images(
                "18 another archive behind the gzip stream", Packed.gzip(images()) + xz, ".gz",
                says: ["other bytes follow"]),
            images(
                "18 gzip cut off", Array(Packed.gzip(images()).dropLast(99)), ".gz", says: ["damaged or cut off"]),
            images(
                "18 plain and cut off", Array(images().dropLast(99)),
                says: ["960 bytes expected at byte 16, the file has 861"]),
            cifar(
                "19 copies of CIFAR's batches", "data_batch_1.bin", "data_batch_1 (1).bin", "test_batch - Copy.bin",
                says: "data_batch_1 (1).bin, test_batch - Copy.bin are there too: a copy would count twice"),
            cifar(
                "19 a copy in capitals", "data_batch_1.bin", "DATA_BATCH_1.BIN", says: "DATA_BATCH_1.BIN is there too"),
            cifar(
                "19 CIFAR for Python", "data_batch_1", "data_batch_2",
                says: "data_batch_1, data_batch_2 are there too: the binary version is read, not the one for Python"),
            images(
                "46 no images", idx(0, 4, 4), says: ["\(imagesName): IDX extents of at least 1 expected, got [0, 4, 4]"]
            ),
            images("46 images without rows", idx(60, 0, 4), says: ["of at least 1 expected, got [60, 0, 4]"]),
            images("46 images without columns", idx(60, 4, 0), says: ["of at least 1 expected, got [60, 4, 0]"]),
            images("46 extents that overflow", idx(1 << 31, 1 << 31, 4), says: ["exceed 2 GiB"]),
            CleaningCase(
                "46 no labels", [File(imagesName, images()), File(labelsName, idx(0))],
                says: ["\(labelsName): IDX extents of at least 1 expected, got [0]"]),
        ]
        + impostors.map { kind, bytes in
            images("18 \(kind)", bytes, ".gz", says: ["\(imagesName).gz: ", "this is \(kind)"])
        }

    private static func cifar(_ name: String, _ files: String..., says: String) -> CleaningCase {
        CleaningCase(name, files.map { File($0, [1, 2, 3]) }, says: [says], dataset: "cifar10")
    }

    private static let impostors: [(kind: String, bytes: [UInt8])] = [
        ("an HTML page", Array("<!DOCTYPE html><html></html>".utf8)), ("an empty file", []), ("xz", xz),
        ("gzip within gzip", Packed.gzip(Packed.gzip(images()))),
        ("a zip archive", Packed.zip([Packed.Entry(name: imagesName, content: images())])),
        ("a Git LFS pointer", Array("version https://git-lfs.github.com/spec/v1\n".utf8)),
        ("bzip2", Array("BZh91AY".utf8)),
    ]
}

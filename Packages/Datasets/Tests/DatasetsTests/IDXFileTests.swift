import Datasets
import Foundation
import Testing

/// IDX files as they come out of archives and downloads.
@Suite struct IDXFileTests {
    static let images = idxImages([UInt8](0..<12), [3, 2, 2]), labels = idxLabels([7, 0, 9])

    func load(_ files: [String: [UInt8]]) throws -> LabeledImages {
        let scratch = try Scratch()
        for (name, bytes) in files { try scratch.write(bytes, name) }
        return try ImageDataset.mnist.loadTraining(directory: scratch.path)
    }

    func complaintAbout(images: [UInt8]) -> String {
        complaint { _ = try load(["train-images-idx3-ubyte.gz": images, "train-labels-idx1-ubyte": Self.labels]) }
    }

    @Test("the name with a dot is read, compressed or not; a copy beside the file is said")
    func names() throws {
        let dotted = try load(["train-images.idx3-ubyte": Self.images, "train-labels.idx1-ubyte.gz": gzip(Self.labels)])
        #expect(dotted.count == 3 && dotted.remarks.isEmpty)
        let twice = try load([
            "train-images-idx3-ubyte": Self.images, "train-images-idx3-ubyte.gz": gzip(Self.images),
            "train-labels-idx1-ubyte": Self.labels, "train-labels.idx1-ubyte": Self.labels,
        ])
        #expect(twice.remarks.count == 2)
        #expect(
            twice.remarks[0].hasSuffix("train-images-idx3-ubyte is read, train-images-idx3-ubyte.gz beside it is not"))
    }

    @Test("a folder where the file should be is said, and passed over where the file lies beside it")
    func folders() throws {
        let inside = [
            "train-images-idx3-ubyte/train-images-idx3-ubyte": Self.images, "train-labels-idx1-ubyte": Self.labels,
        ]
        #expect(
            complaint { _ = try load(inside) }.contains(
                "train-images-idx3-ubyte: a file expected, this is a folder with train-images-idx3-ubyte in it"))
        let beside = try load(inside.merging(["train-images.idx3-ubyte": Self.images]) { $1 })
        #expect(beside.count == 3 && beside.remarks[0].contains("train-images-idx3-ubyte beside it is not"))
    }

    @Test("names that are nearly right are named")
    func nearNames() {
        for name in [
            "train-images-idx3-ubyte.zip", "train_images.idx3", "Train-Images-idx3-ubyte",
            "train-images-idx3-ubyte (1).gz",
        ] {
            let message = complaint { _ = try load([name: Self.images, "train-labels-idx1-ubyte": Self.labels]) }
            #expect(message.contains("neither is there; \(name) is"), "\(message)")
        }
    }

    @Test("extents of 0, and extents whose product overflows, are errors")
    func extents() {
        for extents in [[0, 2, 2], [3, 0, 2], [3, 2, 0], [0, 0, 0]] {
            #expect(
                complaintAbout(images: idxImages([], extents)).contains(
                    "IDX extents of at least 1 expected, got \(extents)"))
        }
        let large = Int(UInt32.max)
        for extents in [[large, large, large], [1 << 31, 1 << 31, 4], [1 << 20, 1 << 20, 1]] {
            #expect(complaintAbout(images: idxImages([1], extents)).contains("exceed 2 GiB"))
        }
        // Within the limit, yet far more than there is: memory grows with what is read.
        #expect(
            complaintAbout(images: idxImages([1], [1 << 20, 32, 64])).contains(
                "2147483648 bytes expected at byte 16, the file has 1"))
    }

    @Test("more than ten classes are read, if there are images of each")
    func classes() throws {
        func labelled(_ labels: [UInt8]) throws -> LabeledImages {
            try load([
                "train-images-idx3-ubyte": idxImages([UInt8](repeating: 0, count: labels.count), [labels.count, 1, 1]),
                "train-labels-idx1-ubyte": idxLabels(labels),
            ])
        }
        #expect(try labelled([UInt8](0..<12)).classCount == 12 && labelled([0, 1]).classCount == 10)
        #expect(ImageDataset.mnist.className(11) == "11" && ImageDataset.fashionMNIST.className(9) == "ankle boot")
        #expect(complaint { _ = try labelled([0, 1, 255]) }.contains("got 255 at index 2 and no 2"))
    }

    @Test("gzip in several members, padded with zeros, or not compressed at all is read")
    func gzipKinds() throws {
        for images in [
            Self.images, gzip(Self.images), gzip(Array(Self.images[..<9])) + gzip(Array(Self.images[9...])),
            gzip(Self.images) + [UInt8](repeating: 0, count: 512), gzip([]) + gzip(Self.images) + gzip([]),
        ] { #expect(complaintAbout(images: images) == "no complaint") }
    }

    @Test("what is no IDX file is named: pages, other archives, nothing, gzip twice, a rest behind")
    func impostors() {
        let xz: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 4], zip = Array("PK\u{3}\u{4}".utf8) + [20, 0, 0, 0]
        for (bytes, name) in [
            (Array("<!DOCTYPE html><html></html>".utf8), "this is an HTML page"), (xz, "this is xz"),
            (zip, "this is a zip archive"), ([], "this is an empty file"),
            (gzip(gzip(Self.images)), "this is gzip within gzip"),
            (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "this is a Git LFS pointer"),
            (gzip(Array("<html>".utf8)), "this is an HTML page within gzip"),
        ] {
            let message = complaintAbout(images: bytes)
            #expect(message.contains(name), "\(name): \(message)")
        }
        #expect(complaintAbout(images: gzip(Self.images) + [1, 2, 3]).contains("other bytes follow"))
        #expect(complaintAbout(images: gzip(Self.images) + [0, 0, 7]).contains("other bytes follow"))
        let cut = Array(gzip(Self.images).dropLast(9))
        #expect(complaintAbout(images: cut).contains("damaged or cut off"))
        #expect(complaintAbout(images: cut + gzip(Self.images)).contains("damaged or cut off"))
    }
}

/// Bytes as one gzip member, stored without compression (RFC 1952, RFC 1951).
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    func little(_ number: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
    return [31, 139, 8, 0, 0, 0, 0, 0, 0, 255] + [1] + little(bytes.count, 2) + little(~bytes.count, 2) + bytes
        + little(Int(checksum(bytes)), 4) + little(bytes.count, 4)
}

/// CRC-32 (ISO 3309), bit by bit.
func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
        (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
}

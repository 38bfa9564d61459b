import Datasets
import Foundation
import Randomness
import Testing

@Suite struct PickleTests {
    let memory = ImageCache(directory: nil)

    func mini(_ bytes: [UInt8]) throws -> ImageClasses {
        let scratch = try Scratch()
        try scratch.write(bytes, "mini.pkl")
        return try ImageClasses(miniImageNetPickle: "\(scratch.path)/mini.pkl", name: "mini", cache: memory)
    }

    @Test("miniImageNet's pickle is read in every protocol", arguments: 2...5)
    func miniImageNet(pickleProtocol: Int) throws {
        let images = try mini([UInt8](fixture("pickles/mini-\(pickleProtocol).pkl")))
        #expect((0..<images.classCount).map(images.className) == ["n01", "n02", "n03"])
        #expect((images.channels, images.height, images.width) == (3, 2, 2))
        for i in 0..<12 { #expect(images.picture(i).pixels == [UInt8](repeating: UInt8(i), count: 12)) }
        #expect(images.images(ofClass: 1) == 4..<8)
    }

    @Test("tieredImageNet's pickles of PNG files and labels are read in every protocol", arguments: [2, 4, 5])
    func tieredImageNet(pickleProtocol: Int) throws {
        let scratch = try Scratch()
        for part in ["train", "val", "test"] {
            for kind in ["images_png", "labels"] {
                try scratch.write(
                    [UInt8](fixture("pickles/tiered-\(pickleProtocol)/\(part)_\(kind).pkl")), "\(part)_\(kind).pkl")
            }
        }
        let data = try FewShotData.load(.tieredImageNet, path: scratch.path)
        #expect((0..<3).map(data.train.className) == ["kit fox", "red fox", "beer glass"])
        #expect((0..<6).map { data.test.picture($0).pixels[0] } == [0, 10, 20, 30, 40, 50])
        try scratch.write([UInt8](fixture("pickles/mini-4.pkl")), "val_labels.pkl")
        #expect(
            complaint { _ = try FewShotData.load(.tieredImageNet, path: scratch.path) }
                == "\(scratch.path)/val_labels.pkl: label_specific, an integer for every image, expected in the pickle")
    }

    @Test("a pickle that asks for code is refused, by the name of the code")
    func code() throws {
        #expect(
            complaint { _ = try mini(Array("cos\nsystem\n(S'ls'\ntR.".utf8)) }.contains(
                "data only expected, the pickle asks for the code of os.system"))
        // The same by STACK_GLOBAL, as protocol 4 does.
        #expect(
            complaint {
                _ = try mini([0x80, 4, 0x8c, 2] + Array("os".utf8) + [0x8c, 6] + Array("system".utf8) + [0x93, 0x2e])
            }.contains("os.system"))
        #expect(complaint { _ = try mini([0x80, 4, 0x51, 0x2e]) }.contains("got 0x51"))
        #expect(
            complaint { _ = try mini(Array("N.".utf8)) }.contains(
                "image_data, uint8 [n, height, width, channels], expected"))
        #expect(complaint { _ = try mini([]) }.contains("it is cut off"))
    }

    @Test("a tuple nested a million times neither crashes nor is accepted")
    func nesting() throws {
        #expect(
            complaint { _ = try mini([0x29] + [UInt8](repeating: 0x85, count: 1_000_000) + [0x2e]) }.contains(
                "image_data"))
        // A list that holds itself.
        #expect(complaint { _ = try mini(Array("]q\0h\0a.".utf8)) }.contains("image_data"))
    }

    @Test("mutated pickles give errors or images, never a crash")
    func mutations() throws {
        let seeds = try (2...5).map { try [UInt8](fixture("pickles/mini-\($0).pkl")) }
        var random = RandomGenerator(seed: 3), refused = 0
        for i in 0..<4_000 {
            var bytes = seeds[i % 4]
            if i % 7 == 0 { bytes = Array(bytes[..<Int(random.next() % UInt64(bytes.count))]) }
            if !bytes.isEmpty {
                for _ in 0...(i % 3) {
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            if complaint({ _ = try mini(bytes) }) != "no complaint" { refused += 1 }
        }
        #expect(refused > 2_000 && refused < 4_000)
    }
}

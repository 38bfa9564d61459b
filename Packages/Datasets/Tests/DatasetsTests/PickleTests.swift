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
        #expect(complaint { _ = try mini([]) }.contains("this is an empty file"))
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

    @Test("containers and keys of other kinds hold the same images: ordered and default dictionaries, NumPy's types")
    func otherContainers() throws {
        let pickles = try fixtures("odd-pickles.json"), hash = try mini([UInt8](fixture("pickles/mini-4.pkl"))).hash
        let kinds = [
            "ordered", "defaultdict", "tuples", "ranges", "numpy strings", "numpy bytes", "numpy integers",
            "numpy arrays",
            "unsigned arrays", "sets", "frozen sets", "numbers beside them",
        ]
        for kind in kinds {
            for version in [2, 4] {
                let name = "\(kind), protocol \(version)"
                #expect(try mini([UInt8](try #require(pickles[name]))).hash == hash, "\(name)")
            }
        }
    }

    @Test("protocols 0 and 1 hold the same images, whatever must be escaped in a line of theirs", arguments: [0, 1])
    func lines(pickleProtocol: Int) throws {
        let pickles = try fixtures("odd-pickles.json")
        func images(_ name: String, _ version: Int) throws -> ImageClasses {
            try mini([UInt8](try #require(pickles["\(name), protocol \(version)"])))
        }
        let escaped = try images("escaped names", pickleProtocol)
        #expect(try escaped.hash == images("escaped names", 4).hash)
        #expect((0..<3).map(escaped.className) == ["b", "c", "é \\u \n'\"\u{1F436}"])
        let plain = try mini([UInt8](fixture("pickles/mini-4.pkl")))
        #expect(try images("numbers beside them", pickleProtocol).hash == plain.hash)
    }

    @Test("bytes that Python 2 wrote as a line in quotes are read, and lines that it would not write are refused")
    func quotedLines() throws {
        // {'class_dict': {'n\x01\'': [0]}} and an image_data that is missing.
        func text(_ line: String) -> String {
            complaint { _ = try mini(Array("(dp0\nS\(line)\np1\nI1\ns.".utf8)) }
        }
        #expect(text(#"'image\x5fdata\n\\ \''"#).contains("image_data, uint8"))
        for line in ["'a", "a'", "'\\x4'", "'\\q'", "'\\", "", "'"] {
            #expect(text(line).contains("a line of bytes in quotes expected"), "\(line)")
        }
        for line in ["\\u12", "\\ud800", "\\U00110000"] {
            #expect(complaint { _ = try mini(Array("V\(line)\n.".utf8)) }.contains("a line of text expected"))
        }
    }

    @Test("an array in Fortran's order holds the same images as in C's")
    func fortranOrder() throws {
        let pickles = try fixtures("odd-pickles.json")
        for version in [2, 4] {
            let fortran = try mini([UInt8](try #require(pickles["Fortran order, protocol \(version)"]))),
                c = try mini([UInt8](try #require(pickles["the same in C order, protocol \(version)"])))
            #expect(fortran.hash == c.hash && (fortran.height, fortran.width) == (2, 3))
        }
    }

    @Test("what is no pickle is named, and numbers of another type are refused by name")
    func impostors() throws {
        for (text, name) in [
            ("<!DOCTYPE html><html>", "an HTML page"), ("  \n<HTML>", "an HTML page"),
            ("version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"), ("PK\u{3}\u{4}", "a zip archive"),
        ] { #expect(complaint { _ = try mini(Array(text.utf8)) }.contains("a pickle expected, this is \(name)")) }
        let floats = try #require(try fixtures("odd-pickles.json")["floats, protocol 4"])
        #expect(complaint { _ = try mini([UInt8](floats)) }.contains("got the NumPy type f4"))
        // range(0, 10 ** 12) in protocol 2: c builtins range, its two arguments, REDUCE.
        let range: [UInt8] =
            [0x80, 2] + Array("cbuiltins\nrange\nK\0".utf8) + [0x8A, 6, 0, 0x10, 0xA5, 0xD4, 0xE8, 0, 0x86, 0x52, 0x2E]
        #expect(complaint { _ = try mini(range) }.contains("at most 10,000,000 integers"))
    }
}

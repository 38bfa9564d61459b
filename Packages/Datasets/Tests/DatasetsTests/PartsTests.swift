import Datasets
import Foundation
import Testing

/// Training, validation and test classes never overlap.
@Suite struct PartsTests {
    func load(_ folders: [String], split: [String: String]? = nil) throws -> FewShotData {
        let scratch = try Scratch(), splitFolder = try Scratch()
        for (index, name) in folders.enumerated() { try scratch.write(greyPNG(UInt8(index)), "\(name)/1.png") }
        for (name, text) in split ?? [:] { try splitFolder.write(Array(text.utf8), name) }
        return try FewShotData.load(.folder, path: scratch.path, splitDirectory: split == nil ? nil : splitFolder.path)
    }

    func names(_ images: ImageClasses) -> [String] { (0..<images.classCount).map(images.className) }

    @Test("the outermost folder of a part decides, in any capitals")
    func outermost() throws {
        let data = try load([
            "set/train/a", "set/val/train/steam", "set/val/b", "set/test/train", "set/test/val/c", "set/TRAIN/d",
            "set/Validation/e", "set/Valid/f",
        ])
        #expect(names(data.train) == ["set/TRAIN/d", "set/train/a"])
        #expect(names(data.validation) == ["set/Valid/f", "set/Validation/e", "set/val/b", "set/val/train/steam"])
        #expect(names(data.test) == ["set/test/train", "set/test/val/c"])
        #expect(data.remarks.isEmpty)
    }

    @Test("a class in two parts is an error, in folders and in split files")
    func overlap() throws {
        #expect(
            complaint { _ = try load(["train/cat", "val/dog", "test/cat"]) }.contains(
                "class cat expected in one part, it is in the test and the training classes"))
        #expect(
            complaint { _ = try load(["x/train/animal/cat", "y/Val/animal/cat", "test/dog"]) }.contains(
                "class animal/cat expected"))
        // The same name in two groups of classes is two classes.
        #expect(try load(["train/x/cat", "val/y/cat", "test/z/cat"]).train.classCount == 1)
        let split = ["train.txt": "a\nb", "val.txt": "c", "test.csv": "c\n"]
        #expect(
            complaint { _ = try load(["a", "b", "c"], split: split) }.contains(
                "it is in the validation and the test classes"))
    }

    @Test("classes in no part are said, and a missing part comes with an example of the layout")
    func outside() throws {
        let data = try load(["train/a", "val/b", "test/c", "spare/d", "e"])
        #expect(data.remarks.count == 1 && data.remarks[0].contains("2 of 5 classes not used"))
        #expect(data.remarks[0].contains("e the first of them"))
        let message = complaint { _ = try load(["train/a", "test/c"]) }
        #expect(message.contains("validation is missing") && message.contains("for example train/cat/1.png"))
    }

    @Test("the classes of a plain folder are drawn for the parts by the seed, each in one of them")
    func drawn() throws {
        let scratch = try Scratch(), all = (0..<25).map { "class \($0)" }
        for name in all { try scratch.write(greyPNG(1), "\(name)/1.png") }
        func load(_ seed: UInt64, ways: Int = 1) throws -> FewShotData {
            try FewShotData.load(.folder, path: scratch.path, seed: seed, ways: ways)
        }
        func parts(_ data: FewShotData) -> [[String]] { [data.train, data.validation, data.test].map(names) }
        let data = try load(7), found = parts(data)
        #expect(found.map(\.count) == [16, 4, 5] && found.joined().sorted() == all.sorted())
        #expect(
            data.division
                == "\(scratch.path): classes drawn by seed 7: 16 for training (16 pictures), 4 for validation (4), 5 "
                + "for test (5)")
        #expect(try parts(load(7)) == found && parts(load(8)) != found)
        // Enough for an episode in each, or what was expected.
        #expect(try parts(load(7, ways: 8)).map(\.count) == [9, 8, 8])
        #expect(
            complaint { _ = try load(7, ways: 9) }
                == "\(scratch.path): at least 27 classes expected, 9 for training and 9 each for validation and test, "
                + "there are 25 (fewer in an episode: --ways)")
        // A class called like a part is a class.
        try scratch.write(greyPNG(1), "train/1.png")
        #expect(try parts(load(7)).joined().contains("train"))
    }

    @Test("split files of spreadsheets are read, those in UTF-16 are named")
    func spreadsheets() throws {
        let folders = ["a", "b, c", "d"]
        for (train, val) in [
            ("\u{FEFF}filename,label\r\n1.png,a\r\n2.png,a\r\n", "filename,label\r1.png,\"b, c\"\r"),
            ("filename;label\r\n1.png;a\r\n", "\u{FEFF}\"b, c\"\n"),
            // As pandas writes it, as R does, as Excel wants it, and with tabs.
            (",filename,label\n0,1.png,a\n1,2.png,a\n", "\"filename\";\"label\"\n\"1.png\";\"b, c\"\n"),
            ("sep=;\r\nFilename;Label\r\n1.png;a\r\n", "\u{FEFF}label\tfilename\nb, c\t1.png\n"),
        ] {
            let data = try load(folders, split: ["train.csv": train, "val.csv": val, "test.json": "\u{FEFF}[\"d\"]"])
            #expect(names(data.train) == ["a"] && names(data.validation) == ["b, c"] && names(data.test) == ["d"])
        }
        let scratch = try Scratch()
        for bytes: [UInt8] in [[0xFF, 0xFE, 0x61, 0, 0x0A, 0], [0xFE, 0xFF, 0, 0x61], [0x61, 0, 0x62, 0]] {
            for ending in [".txt", ".csv", ".json"] {
                try? FileManager.default.removeItem(atPath: "\(scratch.path)")
                try scratch.write(bytes, "train\(ending)")
                #expect(complaint { _ = try ClassSplit(directory: scratch.path) }.contains("this is UTF-16"))
            }
        }
        #expect(
            complaint { _ = try load(folders, split: ["train.csv": "a\n\"b", "val.txt": "d", "test.txt": "e"]) }
                .contains(
                    "quotes in pairs expected (RFC 4180), one of line 2 is not"))
        #expect(
            complaint { _ = try load(folders, split: ["train.csv": "filename,label\n1.png\n"]) }.contains(
                "record 2, got 1 fields"))
    }

    @Test("two split files of one part must name the same classes")
    func twoSplitFiles() throws {
        let split = ["train.json": "[\"a\"]", "val.txt": "b", "test.txt": "c"]
        #expect(try load(["a", "b", "c"], split: split.merging(["train.csv": "a\n"]) { $1 }).train.classCount == 1)
        #expect(
            complaint { _ = try load(["a", "b", "c"], split: split.merging(["train.csv": "a\nb\n"]) { $1 }) }
                .contains("one list of the train classes expected, train.json and train.csv differ"))
        #expect(
            complaint { _ = try load(["a", "b", "c"], split: split.merging(["valid.txt": "d"]) { $1 }) }
                .contains("val.txt and valid.txt differ"))
    }

    @Test("of CIFAR only the batches' own names are read, copies and other versions are refused by name")
    func cifarCopies() throws {
        let record: [UInt8] = [1] + [UInt8](repeating: 0, count: 3072)
        for copy in [
            "data_batch_1 (1).bin", "test_batch - Copy.bin", "data_batch_6.bin", "DATA_BATCH_1.BIN", "data_batch_2",
        ] {
            let scratch = try Scratch()
            try scratch.write(record, "data_batch_1.bin")
            #expect(try CIFAR.load10(directory: scratch.path).count == 1)
            try scratch.write(record, copy)
            #expect(
                complaint { _ = try CIFAR.load10(directory: scratch.path) }.contains(
                    "only expected, \(copy) is there too"))
        }
        let scratch = try Scratch()
        try scratch.write([0] + record, "train.bin")
        try scratch.write([0] + record, "train (1).bin")
        #expect(complaint { _ = try CIFAR.load100(directory: scratch.path) }.contains("train (1).bin is there too"))
    }
}

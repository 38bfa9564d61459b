import Datasets
import Foundation
import Testing

@Suite struct ClassSplitTests {
    func split(_ files: [String: String]) throws -> ClassSplit {
        let scratch = try Scratch()
        for (name, text) in files { try scratch.write(Array(text.utf8), name) }
        return try ClassSplit(directory: scratch.path)
    }

    @Test("the published layouts are read: Vinyals' JSON, Ravi's CSV and lists, tieredImageNet's CSV")
    func layouts() throws {
        let json = try split([
            "train.json": #"{"background":{"Greek":["c1","c2"],"Angelic (x)":["c1"]},"evaluation":{}}"#,
            "val.json": #"["a"]"#, "test.json": #"{"evaluation":{"Greek":["c1"]}}"#,
        ])
        #expect(
            json.train == [
                "images_background/Angelic (x)/c1", "images_background/Greek/c1", "images_background/Greek/c2",
            ])
        #expect(json.validation == ["a"] && json.test == ["images_evaluation/Greek/c1"])
        let csv = try split([
            "train.csv": "filename,label\r\n1.jpg,n1\r\n2.jpg,n1\r\n3.jpg,n2\r\n", "val.csv": "n3,n100\nn4,n100\n\n",
            "test-classes.txt": "n5\n",
        ])
        #expect(csv.train == ["n1", "n2"] && csv.validation == ["n3", "n4"] && csv.test == ["n5"])
        #expect(csv.hash != json.hash)
    }

    @Test("missing, empty and overlapping parts are named")
    func complaints() throws {
        #expect(
            complaint { _ = try split(["train.txt": "a", "test.txt": "b"]) }.contains(
                "val.json, .csv, .txt or -classes.txt expected"))
        #expect(
            complaint { _ = try split(["train.txt": "a", "val.txt": "", "test.txt": "b"]) }
                == "split: at least one validation class expected, there is none")
        #expect(
            complaint { _ = try split(["train.txt": "a", "val.txt": "b", "test.txt": "a"]) }
                == "split: class a expected once, it is in the training and the test classes")
        #expect(
            complaint { _ = try split(["train.json": "{", "val.txt": "b", "test.txt": "a"]) }.contains(
                "JSON of class names"))
    }

    @Test(
        "the real splits have their published sizes",
        .enabled(
            if: hasData("miniimagenet") && hasData("tieredimagenet"), "needs data/miniimagenet and data/tieredimagenet")
    )
    func published() throws {
        let mini = try ClassSplit(directory: "\(dataDirectory)/miniimagenet"),
            tiered = try ClassSplit(directory: "\(dataDirectory)/tieredimagenet")
        #expect((mini.train.count, mini.validation.count, mini.test.count) == (64, 16, 20))
        #expect((tiered.train.count, tiered.validation.count, tiered.test.count) == (351, 97, 160))
    }
}

@Suite struct FewShotDataTests {
    func folder(_ classes: [String], images: Int = 2) throws -> Scratch {
        let scratch = try Scratch()
        for (c, name) in classes.enumerated() {
            for i in 0..<images { try scratch.write(greyPNG(UInt8(10 * c + i)), "\(name)/\(i).png") }
        }
        return scratch
    }

    @Test("folders train, val and test are parts, wherever they lie")
    func splitFolders() throws {
        let scratch = try folder(["set/train/a", "set/train/b", "set/val/c", "set/test/d"])
        let data = try FewShotData.load(.folder, path: scratch.path)
        #expect((0..<2).map(data.train.className) == ["set/train/a", "set/train/b"])
        #expect(data.validation.classCount == 1 && data.test.classCount == 1 && data.train.channels == 3)
        let incomplete = try folder(["train/a", "test/d"])
        #expect(
            complaint { _ = try FewShotData.load(.folder, path: incomplete.path) }.contains("validation is missing"))
    }

    @Test("a split file chooses classes by the ends of their paths, and missing ones are counted")
    func splitFiles() throws {
        let scratch = try folder(["x/a", "x/b", "y/c", "y/d", "z/d"]), split = try Scratch()
        try split.write(Array("a\nb".utf8), "train.txt")
        try split.write(Array("c".utf8), "val.txt")
        try split.write(Array("y/d".utf8), "test.txt")
        let data = try FewShotData.load(.miniImageNet, path: scratch.path, splitDirectory: split.path)
        #expect(
            data.test.className(0) == "y/d" && data.test.picture(data.test.images(ofClass: 0)[7 - 1]).pixels[0] == 30)
        try split.write(Array("d".utf8), "test.txt")
        #expect(
            complaint { _ = try FewShotData.load(.folder, path: scratch.path, splitDirectory: split.path) }.contains(
                "one class d expected, 2 folders end so"))
        try split.write(Array("e\nf\nz/d".utf8), "test.txt")
        #expect(
            complaint { _ = try FewShotData.load(.folder, path: scratch.path, splitDirectory: split.path) }
                == "folder: the split's 3 test classes expected, 2 have no images, e the first of them")
    }

    @Test(
        "Omniglot is read from its zip archives, split as by Vinyals et al., with rotations as classes",
        .enabled(
            if: hasData("omniglot/images_background.zip") && isOptimised, "needs data/omniglot and a release build"))
    func omniglot() throws {
        let cache = try Scratch()
        let data = try FewShotData.load(
            .omniglot, path: "\(dataDirectory)/omniglot", cache: ImageCache(directory: cache.path))
        #expect(
            (data.train.classCount, data.validation.classCount, data.test.classCount) == (4 * 1028, 4 * 172, 4 * 423))
        #expect((data.train.channels, data.train.height, data.train.width) == (1, 28, 28))
        #expect((0..<data.test.classCount).allSatisfy { data.test.images(ofClass: $0).count == 20 })
        // Ink is 1 on 0: most of a character is paper.
        let episode = try EpisodeSampler(data.test, ways: 20, shots: 1, seed: 0).episode(0)
        let mean = data.test.floats(of: episode.query).reduce(0, +) / Float(300 * 784)
        #expect(mean > 0.03 && mean < 0.2)
        let unsplit = try Scratch()
        try unsplit.write(greyPNG(1), "images_background/A/c/1.png")
        #expect(
            complaint {
                _ = try FewShotData.load(
                    .omniglot, path: unsplit.path, splitDirectory: "\(dataDirectory)/omniglot/splits")
            }.contains("1028 train classes expected, 1028 have no images"))
    }

    @Test(
        "the 84 x 84 colour set is read from its zip archive",
        .enabled(
            if: hasData("caltech101-84/caltech101-84.zip") && isOptimised,
            "needs data/caltech101-84 and a release build"))
    func caltech() throws {
        let cache = try Scratch(), clock = ContinuousClock()
        for start in ["first", "second"] {
            let time = try clock.measure {
                let data = try FewShotData.load(
                    .folder, path: "\(dataDirectory)/caltech101-84/caltech101-84.zip",
                    cache: ImageCache(directory: cache.path))
                #expect((data.train.classCount, data.validation.classCount, data.test.classCount) == (60, 15, 25))
                #expect(
                    (data.train.channels, data.train.height, data.train.width) == (3, 84, 84)
                        && data.train.imageCount == 60 * 24)
            }
            print("Caltech-101, 84 x 84: \(start) start \(time)")
        }
    }

    @Test("CIFAR-100 is grouped by its fine labels and split by name")
    func cifar100() throws {
        let scratch = try Scratch()
        func record(_ label: UInt8, _ value: UInt8) -> [UInt8] { [9, label] + [UInt8](repeating: value, count: 3072) }
        try scratch.write(record(1, 10) + record(0, 20), "train.bin")
        try scratch.write(record(2, 30) + record(1, 40), "test.bin")
        try scratch.write(Array((0..<100).map { "class\($0)\n" }.joined().utf8), "fine_label_names.txt")
        for (part, name) in [("train", "class1"), ("val", "class2"), ("test", "class0")] {
            try scratch.write(Array(name.utf8), "split/\(part).txt")
        }
        let data = try FewShotData.load(.cifar100, path: scratch.path, splitDirectory: "\(scratch.path)/split")
        #expect(data.train.images(ofClass: 0).map { data.train.picture($0).pixels[0] } == [10, 40])
        #expect(
            data.test.picture(data.test.images(ofClass: 0).lowerBound).pixels == [UInt8](repeating: 20, count: 3072))
        try scratch.write(record(100, 0), "test.bin")
        #expect(
            complaint { _ = try CIFAR.load100(directory: scratch.path) }
                == "\(scratch.path)/test.bin: a label 0 … 99 expected at byte 1, got 100")
    }

    @Test(
        "real CIFAR-10 records are read",
        .enabled(if: hasData("cifar10/test_batch_first1000.bin"), "needs data/cifar10"))
    func cifar10() throws {
        let scratch = try Scratch(), name = "test_batch_first1000.bin"
        try scratch.write(
            [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(dataDirectory)/cifar10/\(name)"))), "test_batch.bin")
        let images = try CIFAR.load10(directory: scratch.path)
        #expect(images.count == 1000 && images.pixelsPerImage == 3072 && Set(images.labels).count == 10)
    }

    @Test("glyphs of one class are alike and of two classes differ; the same seed gives the same alphabet")
    func glyphs() {
        let images = Glyphs(seed: 1).images(classes: 30, imagesPerClass: 4)
        #expect(images.hash == Glyphs(seed: 1).images(classes: 30, imagesPerClass: 4).hash)
        #expect(images.hash != Glyphs(seed: 2).images(classes: 30, imagesPerClass: 4).hash)
        func distance(_ a: Int, _ b: Int) -> Float {
            zip(images.floats(of: [a]), images.floats(of: [b])).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        var within: Float = 0, between: Float = 0
        for c in 0..<30 {
            within += distance(4 * c, 4 * c + 1)
            between += distance(4 * c, 4 * ((c + 1) % 30))
        }
        #expect(within < 0.8 * between)
        let ink = images.floats(of: Array(0..<120)).reduce(0, +) / Float(120 * 784)
        #expect(ink > 0.03 && ink < 0.35)
    }
}

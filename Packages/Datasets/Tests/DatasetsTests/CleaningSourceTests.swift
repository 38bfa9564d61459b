import Datasets
import Foundation
import Testing

/// The text of bytes.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A `.npy` file of float32, row-major.
func npy(_ shape: [Int], _ floats: [Float]) -> [UInt8] {
    let extents = shape.map { "\($0), " }.joined()
    return NPYFileTests.file("{'descr': '<f4', 'fortran_order': False, 'shape': (\(extents)), }", floats)
}

/// A `.npy` file of bytes.
func npy(_ shape: [Int], bytes: [UInt8]) -> [UInt8] {
    let extents = shape.map { "\($0), " }.joined()
    return NPYFileTests.file("{'descr': '|u1', 'fortran_order': False, 'shape': (\(extents)), }", []) + bytes
}

extension Scratch {
    func write(text: String, _ name: String) throws { try write(Array(text.utf8), name) }

    /// Two classes of two pictures each, of different sizes; one is in colour.
    func writeClassFolders() throws {
        for (i, name) in ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"].enumerated() {
            try write(greyPNG(UInt8(10 * i), width: 5 + i, height: 4), name)
        }
        let colour = RasterImage(width: 2, height: 2, channels: 3, pixels: [UInt8](repeating: 200, count: 12))
        try write(PNG.encode(colour), "dog/2.png")
    }
}

@Suite struct CleaningSourceTests {
    @Test("class folders: names, classes by their folders, one form for all sizes and colours")
    func classFolders() throws {
        let scratch = try Scratch()
        try scratch.writeClassFolders()
        try scratch.write(text: "notes", "notes.txt")
        let samples = try CleaningSource(path: "\(scratch.path)/").samples
        #expect(samples.form == .pictures(channels: 3, height: 32, width: 32))
        #expect(samples.names == ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"])
        #expect(samples.labels == [0, 0, 1, 1] && samples.classNames == ["cat", "dog"])
        #expect(samples.remarks.count == 1 && samples.remarks[0].contains(".txt"))
        #expect(samples.floats(of: [1]).allSatisfy { $0 == Float(10) / 255 })
        #expect(samples.picture(3)?.pixels == [UInt8](repeating: 200, count: 32 * 32 * 3))
        let small = try CleaningSource(path: scratch.path, side: 3, isGrey: true).samples
        #expect(small.form == .pictures(channels: 1, height: 3, width: 3))
    }

    @Test(
        "pictures of one size up to 64 keep it, grey ones stay grey",
        arguments: [(width: 9, height: 7, kept: true), (64, 64, true), (65, 64, false)])
    func sizes(width: Int, height: Int, kept: Bool) throws {
        let scratch = try Scratch()
        for name in ["a/1.png", "a/2.png", "b/1.png", "b/2.png"] {
            try scratch.write(greyPNG(7, width: width, height: height), name)
        }
        let expected: LabeledSamples.Form =
            kept
            ? .pictures(channels: 1, height: height, width: width) : .pictures(channels: 1, height: 32, width: 32)
        #expect(try CleaningSource(path: scratch.path).samples.form == expected)
    }

    @Test("a cache holds the same samples, and is mapped at the next start")
    func cache() throws {
        let scratch = try Scratch(), cache = try Scratch()
        try scratch.writeClassFolders()
        let direct = try CleaningSource(path: scratch.path).samples
        for _ in 0..<2 {
            let cached = try CleaningSource(path: scratch.path, cacheDirectory: cache.path).samples
            #expect(cached.hash == direct.hash && cached.floats(of: [3, 0]) == direct.floats(of: [3, 0]))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path).count == 1)
    }

    @Test("numbers as class names are sorted as numbers, and a folder around all classes is not part of their names")
    func classNames() throws {
        let scratch = try Scratch()
        for name in ["10", "9", "1"] {
            for i in 0..<2 { try scratch.write(greyPNG(1), "outer/\(name)/\(i).png") }
        }
        let samples = try CleaningSource(path: scratch.path).samples
        #expect(samples.classNames == ["1", "9", "10"] && samples.names[0] == "outer/1/0.png")
        #expect(samples.labels == [0, 0, 2, 2, 1, 1])
    }

    static let table =
        "id;file_name;text\r\n7;img/b.png;\"x;1\"\r\n8;img/a.png;y\r\n9;img/c.png;y\r\n5;d.png;\"x;1\"\r\n"

    @Test(
        "a CSV of labels is found beside pictures, named as data or named as labels, and keeps its order",
        arguments: [0, 1, 2])
    func tables(place: Int) throws {
        let scratch = try Scratch(), elsewhere = try Scratch()
        for (i, name) in ["img/a.png", "img/b.png", "img/c.png", "d.png"].enumerated() {
            try scratch.write(greyPNG(UInt8(i)), name)
        }
        try (place == 2 ? elsewhere : scratch).write(text: Self.table, "metadata.csv")
        let source = try CleaningSource(
            path: place == 1 ? "\(scratch.path)/metadata.csv" : scratch.path,
            labelsPath: place == 2 ? "\(elsewhere.path)/metadata.csv" : nil)
        #expect(source.samples.names == ["img/b.png", "img/a.png", "img/c.png", "d.png"])
        #expect(source.samples.classNames == ["x;1", "y"] && source.samples.labels == [0, 1, 1, 0])
        #expect(source.samples.floats(of: [0, 3]) == [1, 1, 1, 1, 3, 3, 3, 3].map { Float($0) / 255 })
        #expect(text(source.correctedLabels([:])) == Self.table)
        #expect(
            text(source.correctedLabels([1: 0, 3: Optional<Int32>.none]))
                == "id;file_name;text\r\n7;img/b.png;\"x;1\"\r\n8;img/a.png;\"x;1\"\r\n9;img/c.png;y\r\n")
    }

    @Test("a table for the test beside that for training leaves the test's pictures out, and is read as a test")
    func twoTables() throws {
        let scratch = try Scratch()
        for i in 0..<6 { try scratch.write(greyPNG(UInt8(i)), "images/\(i).png") }
        try scratch.write(
            text: "image,label\nimages/0.png,a\nimages/1.png,b\nimages/2.png,a\nimages/3.png,b\n", "train.csv")
        try scratch.write(text: "image,label\nimages/5.png,b\nimages/4.png,a\n", "test.csv")
        for path in [scratch.path, "\(scratch.path)/train.csv"] {
            let source = try CleaningSource(path: path)
            #expect(source.samples.count == 4)
            #expect(source.samples.remarks.contains { $0.hasPrefix("2 pictures") })
            let test = try source.test("\(scratch.path)/test.csv")
            #expect(test.names == ["images/5.png", "images/4.png"] && test.labels == [1, 0])
        }
    }

    @Test("corrections of class folders are a list of names and labels, without what is dropped")
    func corrections() throws {
        let scratch = try Scratch()
        try scratch.writeClassFolders()
        let source = try CleaningSource(path: scratch.path)
        #expect(
            text(source.correctedLabels([0: 1, 2: Optional<Int32>.none]))
                == "name,label\ncat/1.png,dog\ncat/2.png,cat\ndog/2.png,dog\n")
        // Such a list is data in turn, beside the pictures.
        try scratch.write(source.correctedLabels([0: 1, 2: 0]), "labels.csv")
        #expect(try CleaningSource(path: "\(scratch.path)/labels.csv").samples.labels == [1, 0, 0, 1])
    }

    @Test("of IDX files the training part is cleaned and the test part is a test")
    func idx() throws {
        let scratch = try Scratch()
        for (part, count) in [("train", 4), ("t10k", 2)] {
            try scratch.write(idxImages([UInt8](0..<UInt8(4 * count)), [count, 2, 2]), "\(part)-images-idx3-ubyte")
            try scratch.write(idxLabels((0..<count).map { UInt8(11 * ($0 % 2)) }), "\(part)-labels-idx1-ubyte")
        }
        let source = try CleaningSource(path: scratch.path)
        #expect(source.samples.names == ["0", "1", "2", "3"] && source.samples.classNames == ["0", "11"])
        let test = try source.test(scratch.path)
        #expect(test.labels == [0, 1] && test.floats(of: [1]) == [4, 5, 6, 7].map { Float($0) / 255 })
        // Labels of one's own, as CIFAR-N and others publish them, replace the given ones.
        try scratch.write(text: "b\na\na\nb\n", "own.txt")
        let own = try CleaningSource(path: scratch.path, labelsPath: "\(scratch.path)/own.txt")
        #expect(own.samples.classNames == ["a", "b"] && own.samples.labels == [1, 0, 0, 1])
    }

    @Test("of CIFAR the training batches are cleaned, with the publisher's names where they are there")
    func cifar() throws {
        let scratch = try Scratch()
        func records(_ labels: [UInt8]) -> [UInt8] {
            labels.flatMap { [$0] + [UInt8](repeating: $0, count: 3072) }
        }
        try scratch.write(records(Array(0..<10)), "data_batch_1.bin")
        try scratch.write(records(Array(0..<10)), "data_batch_2.bin")
        try scratch.write(records([3, 9]), "test_batch.bin")
        try scratch.write(
            text: "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n", "batches.meta.txt")
        let source = try CleaningSource(path: scratch.path)
        #expect(source.samples.count == 20 && source.samples.form == .pictures(channels: 3, height: 32, width: 32))
        #expect(source.samples.classNames[9] == "truck")
        #expect(try source.test(scratch.path).labels == [3, 9])
        // A class by its name or its number.
        try scratch.write(text: "row,label\n19,cat\n2,9\n", "trusted.csv")
        let trusted = try source.trusted("\(scratch.path)/trusted.csv")
        #expect(trusted.indices == [2, 19] && trusted.labels == [9, 3])
    }

    @Test(
        "features with labels as .npy, text, one column, rows in any order, or a table of other names",
        arguments: ["labels.npy", "labels.txt", "label.csv", "rows.csv", "named.csv"])
    func features(labels: String) throws {
        let scratch = try Scratch()
        try scratch.write(npy([4, 2], [1, 2, 3, 4, 5, 6, 7, -8]), "features.npy")
        try scratch.write(npy([4], [5, 7, 5, 7]), "labels.npy")
        try scratch.write(text: "5\n7\n5\n7\n", "labels.txt")
        try scratch.write(text: "label\n5\n7\n5\n7\n", "label.csv")
        try scratch.write(text: "row,label\n3,7\n2,5\n1,7\n0,5\n", "rows.csv")
        try scratch.write(text: "file,label,size\na.png,5,1\nb.png,7,2\nc.png,5,3\nd.png,7,4\n", "named.csv")
        let source = try CleaningSource(
            path: "\(scratch.path)/features.npy", labelsPath: "\(scratch.path)/\(labels)")
        #expect(source.samples.form == .features(2) && source.samples.picture(0) == nil)
        #expect(source.samples.labels == [0, 1, 0, 1] && source.samples.classNames == ["5", "7"])
        #expect(source.samples.floats(of: [3, 0]) == [7, -8, 1, 2])
        let corrected = text(source.correctedLabels([3: 0]))
        switch labels {
        case "label.csv": #expect(corrected == "label\n5\n7\n5\n5\n")
        case "rows.csv": #expect(corrected == "row,label\n3,5\n2,5\n1,7\n0,5\n")
        case "named.csv":
            #expect(source.samples.names == ["a.png", "b.png", "c.png", "d.png"])
            #expect(corrected == "file,label,size\na.png,5,1\nb.png,7,2\nc.png,5,3\nd.png,5,4\n")
        default: #expect(corrected == "name,label\n0,5\n1,7\n2,5\n3,5\n")
        }
    }

    @Test("features and labels of a safetensors file, which may hold other arrays too")
    func safetensors() throws {
        let scratch = try Scratch()
        // Four rows of two float16 numbers, four labels of 8 bytes, and a number of a type that is not read.
        let header = """
            {"__metadata__": {"from": "a test"}, "note": {"dtype": "BF16", "shape": [1], "data_offsets": [48, 50]},
            "features": {"dtype": "F16", "shape": [4, 2], "data_offsets": [0, 16]},
            "labels": {"dtype": "I64", "shape": [4], "data_offsets": [16, 48]}}
            """
        let halves: [UInt16] = [0x3C00, 0xC000, 0x3800, 0x0000, 0x3C00, 0x4200, 0x3C00, 0x4400]  // 1 -2 0.5 0 1 3 1 4
        let labels: [UInt8] = [3, 9, 3, 9].flatMap { [$0, 0, 0, 0, 0, 0, 0, 0] }
        let bytes = halves.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] } + labels + [0, 0]
        let length = header.utf8.count
        try scratch.write(
            [UInt8(length & 255), UInt8(length >> 8), 0, 0, 0, 0, 0, 0] + Array(header.utf8) + bytes, "f.safetensors")
        try scratch.write(text: "name,label\na,x\nb,y\nc,x\nd,y\n", "own.csv")
        let source = try CleaningSource(path: "\(scratch.path)/f.safetensors")
        #expect(source.samples.form == .features(2) && source.samples.labels == [0, 1, 0, 1])
        #expect(source.samples.classNames == ["3", "9"])
        #expect(source.samples.floats(of: [0, 3]) == [1, -2, 1, 4])
        let own = try CleaningSource(
            path: "\(scratch.path)/f.safetensors", labelsPath: "\(scratch.path)/own.csv")
        #expect(own.samples.classNames == ["x", "y"] && own.samples.names == ["a", "b", "c", "d"])
        // A sample with a name may be meant by its row all the same.
        try scratch.write(text: "name,label\nd,x\n1,y\n", "trusted.csv")
        let trusted = try own.trusted("\(scratch.path)/trusted.csv")
        #expect(trusted.indices == [1, 3] && trusted.labels == [1, 0])
    }

    @Test("arrays of pictures are pictures, whichever axis the channels are on; of other numbers features")
    func arrays() throws {
        let scratch = try Scratch()
        try scratch.write(text: "a\na\nb\nb\n", "labels.txt")
        func samples(_ file: [UInt8]) throws -> LabeledSamples {
            try scratch.write(file, "array.npy")
            return try CleaningSource(path: "\(scratch.path)/array.npy", labelsPath: "\(scratch.path)/labels.txt")
                .samples
        }
        let last = try samples(npy([4, 1, 2, 3], bytes: [UInt8](0..<24)))
        #expect(last.form == .pictures(channels: 3, height: 1, width: 2))
        #expect(last.floats(of: [1]).map { UInt8($0 * 255 + 0.5) } == [6, 9, 7, 10, 8, 11])
        #expect(last.picture(1)?.pixels == [6, 7, 8, 9, 10, 11])
        #expect(
            try samples(npy([4, 3, 2, 2], bytes: [UInt8](0..<48))).form == .pictures(channels: 3, height: 2, width: 2))
        let grey = try samples(npy([4, 2, 2], (0..<16).map { Float($0) / 15 }))
        #expect(grey.form == .pictures(channels: 1, height: 2, width: 2) && grey.picture(3)?.pixels.last == 255)
        #expect(try samples(npy([4, 2, 2], (0..<16).map { Float($0) })).form == .features(4))
    }

    @Test("a test of features takes its labels from a file or from beside it")
    func testFeatures() throws {
        let scratch = try Scratch()
        try scratch.write(npy([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]), "train.npy")
        try scratch.write(text: "a\na\nb\nb\n", "train-labels.txt")
        try scratch.write(npy([1, 2], [9, 8]), "test.npy")
        try scratch.write(text: "b\n", "test-labels.csv")
        let source = try CleaningSource(path: "\(scratch.path)/train.npy")
        #expect(try source.test("\(scratch.path)/test.npy").labels == [1])
        #expect(try source.test("\(scratch.path)/train.npy", labelsPath: "\(scratch.path)/train-labels.txt").count == 4)
    }

    @Test("trusted samples: a table with labels, a list of names whose labels are right, folders of other pictures")
    func trusted() throws {
        let scratch = try Scratch(), beside = try Scratch()
        try scratch.writeClassFolders()
        let source = try CleaningSource(path: scratch.path)
        try beside.write(text: "name,label\n./dog/2.png,cat\ncat/1.png,cat\ncat/1.png,cat\n", "trusted.csv")
        let table = try source.trusted("\(beside.path)/trusted.csv")
        #expect(table.indices == [0, 3] && table.labels == [0, 0] && table.others == nil && table.count == 2)
        try beside.write(text: "dog/1.png\ncat/2.png\n", "list.txt")
        let list = try source.trusted("\(beside.path)/list.txt")
        #expect(list.indices == [1, 2] && list.labels == [0, 1])
        try beside.write(greyPNG(99, width: 50), "others/dog/x.png")
        let others = try #require(try source.trusted("\(beside.path)/others").others)
        #expect(others.form == source.samples.form && others.labels == [1] && others.classNames == ["cat", "dog"])
        #expect(others.floats(of: [0]).allSatisfy { $0 == Float(99) / 255 })
        #expect(try source.test("\(beside.path)/others").hash == others.hash)
    }

    @Test("other labels change the hash, the same do not")
    func otherLabels() {
        let samples = LabeledSamples(form: .features(1), labels: [0, 1], classNames: ["a", "b"], floats: [0.5, 2])
        #expect(
            samples.with(labels: [0, 1]).hash == samples.hash && samples.with(labels: [1, 1]).hash != samples.hash)
        #expect(samples.names == ["0", "1"] && samples.valuesPerSample == 1)
    }

    @Test("names that are not UTF-8 are escaped, and found by their bytes and by their escape")
    func bytes() throws {
        let scratch = try Scratch(), beside = try Scratch()
        for (i, name) in ["a/1.png", "a/2.png", "b/1.png"].enumerated() { try scratch.write(greyPNG(UInt8(i)), name) }
        try scratch.write(greyPNG(9), at: BytePath(Array("b/".utf8) + [0xE9] + Array(".png".utf8)))
        let source = try CleaningSource(path: scratch.path)
        #expect(source.samples.names[3] == #"b/\xE9.png"#)
        try beside.write(Array("b/".utf8) + [0xE9] + Array(".png\n".utf8) + Array(#"b/\xE9.png"#.utf8), "list.txt")
        #expect(try source.trusted("\(beside.path)/list.txt").indices == [3])
    }

    @Test("a corrected folder: moved, dropped and staying pictures, names that meet, archives, what is refused")
    func correctedFolder() throws {
        let scratch = try Scratch()
        let data = try Scratch()
        try data.writeClassFolders()
        let source = try CleaningSource(path: data.path), folder = scratch.path + "/corrected"
        // cat/1.png becomes a dog, where a 1.png stays; dog/2.png is left out.
        try source.writeCorrectedFolder(folder, [0: 1, 3: nil])
        func files(_ folder: String) throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix("png") }.sorted()
        }
        #expect(try files(folder) == ["cat/2.png", "dog/1.png", "dog/cat-1.png"])
        let moved = try Data(contentsOf: URL(fileURLWithPath: folder + "/dog/cat-1.png"))
        #expect(try moved == Data(contentsOf: URL(fileURLWithPath: data.path + "/cat/1.png")))
        #expect { try source.writeCorrectedFolder(folder, [:]) } throws: { "\($0)".contains("it is there") }
        try scratch.write(npy([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]), "x.npy")
        try scratch.write(text: "a\na\nb\nb\n", "y.txt")
        let features = try CleaningSource(path: scratch.path + "/x.npy", labelsPath: scratch.path + "/y.txt")
        #expect { try features.checkCorrectedFolder(scratch.path + "/new") } throws: {
            "\($0)".contains("pictures in files, these are 2 features")
        }
        // Classes of a CSV are any text.
        try data.write(text: "file,label\ncat/1.png,..\ncat/2.png,..\ndog/1.png,b\ndog/2.png,b\n", "labels.csv")
        let table = try CleaningSource(path: data.path + "/labels.csv")
        #expect { try table.checkCorrectedFolder(scratch.path + "/new") } throws: { "\($0)".contains("got '..'") }
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/new"))
    }
}

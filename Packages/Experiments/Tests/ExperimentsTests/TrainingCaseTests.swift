import Foundation
import Testing

/// What `few-shot train` does with data as people have them: reads all of it and counts it, or names what is wrong in
/// one line and writes nothing.
@Suite struct TrainingCaseTests {
    private func run(_ item: TrainingCase, _ life: RealLife) throws -> RealLife.Answer {
        try item.fill(life)
        let split = item.split.map { ["--split-file", "\(life.path)/\($0)"] } ?? []
        return try life.train(item.data, item.options + split, dataset: item.dataset)
    }

    @Test("data of real life are read whole, and the report shows how many pictures", arguments: TrainingCase.read)
    func reading(_ item: TrainingCase) throws {
        let life = try RealLife(), answer = try run(item, life)
        #expect(answer.status == 0, "\(answer.lines)")
        #expect(try answer.summary("images") == item.counts)
        let counts = item.counts.map(String.init).joined(separator: ", ")
        #expect(answer.text("report.html").contains("Pictures read for training, validation and test: \(counts)."))
        let remarks = try answer.summary("notUsed", as: [String].self)
        // How a folder's classes were divided is said first.
        let division = item.dataset == "folder" ? 1 : 0
        #expect(remarks == answer.lines && remarks.count == division + item.says.count, "\(answer.lines)")
        #expect(division == 0 || remarks.first?.contains("\(item.data): classes d") == true, "\(remarks)")
        for (remark, end) in zip(remarks.dropFirst(division), item.says) { #expect(remark.hasSuffix(end), "\(remark)") }
    }

    @Test("what is wrong with data is said in one line, and nothing is written", arguments: TrainingCase.refused)
    func refusing(_ item: TrainingCase) throws {
        let life = try RealLife()
        try run(item, life).expectRefusal(item.says)
    }
}

extension TrainingCaseTests {
    @Test("a plain folder is tested on the classes that training left for it, whatever the seed of the episodes")
    func plainFolder() throws {
        let life = try RealLife()
        try TrainingCase.write((0..<9).map { "class \($0)" }, life)
        let trained = try life.train("data", ["--seed", "5", "--side", "20", "--grey"])
        #expect(
            trained.status == 0 && trained.text("configuration.json").contains("\"grey\": true"), "\(trained.lines)")
        let division = try #require(trained.lines.first)
        #expect(
            division.hasSuffix(
                "data: classes drawn by seed 5: 5 for training (10 pictures), 2 for validation (4), "
                    + "2 for test (4)"))
        func evaluate(_ data: String) throws -> [String] {
            let answer = try life.run(
                "few-shot",
                [
                    "evaluate", "--checkpoint", "\(trained.output)/last.safetensors", "--data", "\(life.path)/\(data)",
                    "--seed", "9", "--episodes", "2",
                ])
            #expect(answer.status == 0, "\(answer.lines)")
            return answer.lines
        }
        #expect(try evaluate("data") == [division])
        for index in 0..<9 { try life.write(Drawing.ring.png(), "other/\(index)/1.png") }
        for index in 0..<9 { try life.write(Drawing.box.png(), "other/\(index)/2.png") }
        let others = try evaluate("other")
        #expect(others.count == 2 && others[1].hasSuffix("some that are tested may have been learned"))
    }
}

/// Data, and what is to be said about them. The number of a case stands before its name.
struct TrainingCase: Sendable, CustomTestStringConvertible {
    let name: String
    /// Pictures of each part, where they are read.
    let counts: [Int]
    let says: [String]
    /// The folder or archive that is named to the command.
    let data: String
    let options: [String]
    /// The folder of split files, if there are some.
    let split: String?
    let dataset: String
    let fill: @Sendable (RealLife) throws -> Void

    init(
        _ name: String, counts: [Int] = [], says: [String] = [], data: String = "data", options: [String] = [],
        split: String? = nil, dataset: String = "folder", fill: @escaping @Sendable (RealLife) throws -> Void
    ) {
        (self.name, self.counts, self.says, self.data, self.options) = (name, counts, says, data, options)
        (self.split, self.dataset, self.fill) = (split, dataset, fill)
    }

    var testDescription: String { name }

    /// Two pictures of each class.
    static func write(_ classes: [String], _ life: RealLife) throws {
        for (index, name) in classes.enumerated() {
            for shift in 0..<2 {
                try life.write(Drawing.allCases[index % 5].png(shift: shift), "data/\(name)/\(shift).png")
            }
        }
    }

    /// Two classes a part.
    static let classes = ["train/bar", "train/box", "val/cross", "val/ring", "test/wedge", "test/disc"]

    /// These classes in one archive, with more entries.
    static func archive(separator: String = "/", _ more: [Packed.Entry] = []) -> [UInt8] {
        var entries: [Packed.Entry] = []
        for name in classes {
            for shift in 0..<2 {
                let path = (name.split(separator: "/") + ["\(shift).png"]).joined(separator: separator)
                entries.append(Packed.Entry(name: path, content: Drawing.bar.png(shift: shift)))
            }
        }
        return Packed.zip(entries + more)
    }

    static let read: [TrainingCase] = [
        TrainingCase("06 names that are not UTF-8: Latin-1, Shift JIS, any bytes", counts: [12, 4, 4]) { life in
            try write(classes, life)
            for name: [UInt8] in [[0x63, 0x61, 0x66, 0xE8], [0x63, 0x61, 0x66, 0xE9], [0x93, 0xFA], [0xFF]] {
                for file: [UInt8] in [[0x31], [0xE4]] {
                    let path = Array("data/train/".utf8) + name + Array("/".utf8) + file + Array(".png".utf8)
                    try life.write(Drawing.ring.png(), path)
                }
            }
        },
        TrainingCase("07 names that differ in the composition of their letters alone", counts: [8, 4, 4]) { life in
            try write(classes + ["train/\u{E9}", "train/e\u{301}"], life)
        },
        TrainingCase("08b classes named by vowel signs", counts: [8, 4, 4]) { life in
            try write(classes + ["train/\u{93F}", "train/\u{940}"], life)
        },
        TrainingCase("09b a class called train within val is for validation only", counts: [4, 10, 4]) { life in
            try write(classes + ["val/train/steam", "val/train/diesel", "val/Test/bench"], life)
        },
        TrainingCase("09b the parts in capitals, below another folder", counts: [4, 4, 4]) { life in
            try write(
                ["my set/TRAIN/a", "my set/TRAIN/b", "x/Validation/c", "x/Validation/d", "Test/e", "Test/f"], life)
        },
        TrainingCase(
            "09c sizes that differ, one for all asked for", counts: [5, 4, 5], options: ["--image-size", "28"]
        ) { life in
            try write(classes, life)
            try life.write(Drawing.box.png(side: 45), "data/train/bar/big.png")
            try life.write(Drawing.box.png(side: 1), "data/test/disc/dot.png")
        },
        TrainingCase(
            "a plain folder, its classes drawn for the parts, of fewer pictures than an episode asks for",
            counts: [6, 4, 4],
            says: [
                "data: 7 classes have fewer pictures than the 1 + 3 of an episode: theirs are "
                    + "asked more than once in it"
            ],
            options: ["--queries", "3", "--side", "28", "--grey"]
        ) { life in
            try write(["a", "b", "c", "d", "e", "f"], life)
            try life.write(Drawing.box.png(side: 45), "data/train/big.png")
            try life.write(Drawing.jpegs[1], "data/train/1.jpg")
        },
        TrainingCase("12 an archive with backslashes", counts: [4, 4, 4], data: "windows.zip") { life in
            try life.write(archive(separator: "\\"), "windows.zip")
        },
        TrainingCase("14 an archive in capitals, in a folder", counts: [4, 4, 4]) { life in
            try life.write(archive(), "data/DATA.ZIP")
        },
        TrainingCase(
            "14 an encrypted note and one of Deflate64, which nobody needs", counts: [4, 4, 4],
            says: ["2 entries not read: 2 of other formats (.txt)"], data: "a.zip"
        ) { life in
            let notes = [
                Packed.Entry(name: "README.txt", content: [1], flags: 1),
                Packed.Entry(name: "LIESMICH.txt", content: [1], method: 9),
            ]
            try life.write(archive(notes), "a.zip")
        },
        TrainingCase("21 split files of spreadsheets, with byte-order marks", counts: [4, 4, 4], split: "split") {
            life in
            try write(["a", "b", "c", "d", "e, f", "g"], life)
            try life.write(Array("\u{FEFF}filename,label\r\n1.png,a\r\n2.png,b\r\n".utf8), "split/train.csv")
            try life.write(Array("\u{FEFF}[\"c\", \"d\"]".utf8), "split/val.json")
            try life.write(Array("filename;label\r1.png;\"e, f\"\r1.png;g\r".utf8), "split/test.csv")
        },
        TrainingCase("48 JPEG among PNG, by content and not by ending", counts: [7, 5, 6]) { life in
            try write(classes, life)
            try life.write(Drawing.jpegs[0], "data/train/bar/2.jpg")
            try life.write(Drawing.jpegs[1], "data/train/bar/3.JPEG")
            try life.write(Drawing.jpegs[0], "data/train/box/4.png")
            try life.write(Drawing.box.png(), "data/val/ring/5.jpg")
            try life.write(Drawing.jpegs[1], "data/test/only jpeg/1.jpg")
            try life.write(Drawing.jpegs[1], "data/test/only jpeg/2.jpg")
        },
        TrainingCase(
            "48 what lies beside pictures, counted by kind", counts: [4, 4, 4],
            says: ["4 entries not read: 1 hidden, 1 __MACOSX, 1 Thumbs.db or desktop.ini, 1 of other formats (.txt)"]
        ) { life in
            try write(classes, life)
            for name in ["train/Thumbs.db", "train/bar/.DS_Store", "__MACOSX/x.png", "val/notes.txt"] {
                try life.write([1], "data/\(name)")
            }
        },
    ]

    static let refused: [TrainingCase] = [
        TrainingCase(
            "09b a class in two parts",
            says: ["class bar expected in one part, it is in the training and the validation classes"]
        ) { life in try write(classes + ["val/bar"], life) },
        TrainingCase("45 both classes in all three parts", says: ["class a expected in one part"]) { life in
            try write(["train/a", "train/b", "val/a", "val/b", "test/a", "test/b"], life)
        },
        TrainingCase(
            "09c sizes that differ",
            says: ["big.png: an image of 28 x 28 pixels expected", "got 45 x 45", "--side gives all one size"]
        ) { life in
            try write(classes, life)
            try life.write(Drawing.box.png(side: 45), "data/train/bar/big.png")
        },
        TrainingCase(
            "14 a picture of Deflate64", says: ["a.zip, entry train/x/1.png", "got 9 (Deflate64)"], data: "a.zip"
        ) { life in
            try life.write(archive([Packed.Entry(name: "train/x/1.png", content: [1], method: 9)]), "a.zip")
        },
        TrainingCase(
            "14 hidden files, and a class of too few pictures",
            says: ["folder train: 1 + 1 = 2 images in every class expected, train/single has 1"]
        ) { life in
            try write(classes, life)
            try life.write(Drawing.bar.png(), "data/train/single/1.png")
            try life.write([1], "data/train/.DS_Store")
        },
        TrainingCase(
            "a plain folder of too few classes",
            says: ["data: at least 6 classes expected, 2 for training and 2 each for validation and test, there are 5"]
        ) { life in try write(["a", "b", "c", "d", "e"], life) },
        TrainingCase(
            "a plain folder with a class of one picture", says: ["1 + 1 = 2 images in every class expected, g has 1"]
        ) { life in
            try write(["a", "b", "c", "d", "e", "f"], life)
            try life.write(Drawing.bar.png(), "data/g/1.png")
        },
        TrainingCase("14 an encrypted picture", says: ["train/x/1.png", "is encrypted"], data: "a.zip") { life in
            try life.write(archive([Packed.Entry(name: "train/x/1.png", content: [1], flags: 1)]), "a.zip")
        },
        TrainingCase(
            "14 an archive within an archive", says: ["a.zip: ", "1 archives within", "unpack the archives within"],
            data: "a.zip"
        ) { life in try life.write(Packed.zip([Packed.Entry(name: "data.zip", content: archive())]), "a.zip") },
        TrainingCase(
            "14 a page in place of an archive", says: ["data.zip: a zip archive expected, this is an HTML page"],
            data: "data.zip"
        ) { life in try life.write(Array("<html>".utf8), "data.zip") },
        pickle("20 a page in place of a pickle", "<!DOCTYPE html>", "an HTML page"),
        pickle("20 a pointer in place of a pickle", "version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
        TrainingCase(
            "21 split files in UTF-16", says: ["split/train.txt: text in UTF-8 expected, this is UTF-16"],
            split: "split"
        ) { life in
            try write(classes, life)
            for part in ["train", "val", "test"] { try life.write([0xFF, 0xFE, 0x61, 0], "split/\(part).txt") }
        },
        TrainingCase(
            "48 a JPEG file that ends after its first marker",
            says: ["data/train/bar/2.jpg: an intact JPEG file expected"]
        ) { life in
            try write(classes, life)
            try life.write(Array(Drawing.jpegs[0][..<20]) + [0xFF, 0xD9], "data/train/bar/2.jpg")
        },
        TrainingCase(
            "48 a GIF picture called .jpg", says: ["data/val/ring/2.jpg: a PNG or JPEG file expected, this is GIF"]
        ) { life in
            try write(classes, life)
            try life.write(Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0], "data/val/ring/2.jpg")
        },
    ]

    private static func pickle(_ name: String, _ text: String, _ kind: String) -> TrainingCase {
        let file = "mini-imagenet-cache-train.pkl"
        return TrainingCase(
            name, says: ["\(file): a pickle expected, this is \(kind)"], dataset: "miniimagenet"
        ) { life in try life.write(Array(text.utf8), "data/\(file)") }
    }
}

import Datasets
import Foundation
import Testing

/// A mistake in data to clean, and what is said about it.
struct CleaningMistake: Sendable, CustomTestStringConvertible {
    let name: String
    /// Below the scratch folder; what follows is written into it first.
    var data = "data", labels: String?, trusted: String?, test: String?
    /// Texts by their paths.
    var files: [String: String] = [:]
    /// Paths of small pictures.
    var pictures: [String] = []
    var arrays: [String: [Float]] = [:]
    /// `ROOT` stands for the scratch folder.
    let complaint: String

    var testDescription: String { name }

    static let folders = ["data/a/1.png", "data/a/2.png", "data/b/1.png", "data/b/2.png"]
    static let beside = ["data/1.png", "data/2.png", "data/3.png", "data/4.png"]

    static let all = [
        CleaningMistake(
            name: "nothing there",
            complaint: "ROOT/data: a folder, a zip archive, a CSV of file names and labels, or features as .npy or "
                + "safetensors expected, it is not there"),
        CleaningMistake(
            name: "no trusted file", trusted: "t.csv", pictures: folders,
            complaint: "ROOT/t.csv: a CSV of names and labels, a list of names, or a folder of class folders expected, "
                + "it is not there"),
        CleaningMistake(
            name: "trusted samples that are an array", trusted: "f.npy", pictures: folders, arrays: ["f.npy": [1]],
            complaint: "ROOT/f.npy: a CSV of names and labels, a list of names, or a folder of class folders expected, "
                + "this is a NumPy .npy file"),
        CleaningMistake(
            name: "a folder without pictures", files: ["data/notes.txt": ""],
            complaint: "ROOT/data: a folder for each class with PNG or JPEG files expected, or a CSV of file names and "
                + "labels beside them; there is no picture (1 entry not read: 1 of other formats (.txt))"),
        CleaningMistake(
            name: "labels for files that are not there",
            files: [
                "data/labels.csv": "file,label\n1.png,a\n2.png,a\n3.png,b\n4.png,b\n5.png,b\n6.png,a\n7.png,a\n8.png,b"
            ],
            pictures: beside,
            complaint: "ROOT/data/labels.csv: names of files below ROOT/data expected, 4 of 8 are not there: 5.png, "
                + "6.png, 7.png and 1 more"),
        CleaningMistake(
            name: "files without a row", files: ["data/labels.csv": "file,label\n1.png,a\n2.png,a\n3.png,b\n"],
            pictures: beside,
            complaint: "ROOT/data/labels.csv: a label for each picture below ROOT/data expected, 1 of 4 has none: 4.png"
        ),
        CleaningMistake(
            name: "files without a row, the table as data", data: "data/labels.csv",
            files: ["data/labels.csv": "file,label\n1.png,a\n2.png,a\n"], pictures: beside,
            complaint: "ROOT/data/labels.csv: a label for each picture below ROOT/data expected, 2 of 4 have none: "
                + "3.png, 4.png"),
        CleaningMistake(
            name: "empty labels", files: ["data/labels.csv": "file,label\n1.png,a\n2.png,\n3.png, \n4.png,a\n"],
            pictures: beside,
            complaint: "ROOT/data/labels.csv: a label for each sample expected, 2 of 4 have none: 2.png, 3.png"),
        CleaningMistake(
            name: "two labels for one file",
            files: ["data/labels.csv": "1.png,a\n2.png,a\n3.png,b\n4.png,b\n1.png,b\n"], pictures: beside,
            complaint: "ROOT/data/labels.csv: one label for each sample expected, 1.png has a and b"),
        CleaningMistake(
            name: "two tables", files: ["data/x.csv": "1.png,a\n2.png,a\n", "data/y.csv": "3.png,b\n4.png,b\n"],
            pictures: beside,
            complaint:
                "ROOT/data: one CSV of labels expected beside the pictures, got x.csv, y.csv: name the one to read"),
        CleaningMistake(
            name: "columns of unknown names", data: "data/t.csv", files: ["data/t.csv": "file,kind,note\n1.png,a,x\n"],
            pictures: beside,
            complaint: "ROOT/data/t.csv: a column of names (file_name, name, file …) and one of labels (label, labels, "
                + "class …) expected in the first line, got file, kind, note"),
        CleaningMistake(
            name: "rows of different lengths", data: "data/t.csv",
            files: ["data/t.csv": "file,label\n1.png,a\n2.png\n"],
            pictures: beside,
            complaint: "ROOT/data/t.csv: 2 fields expected in record 3, as in the first, got 1"),
        CleaningMistake(
            name: "pictures outside of class folders", pictures: folders + ["data/3.png"],
            complaint:
                "ROOT/data: every picture in the folder of its class expected, or named by a CSV of labels, 1 has "
                + "no label: 3.png"),
        CleaningMistake(
            name: "a class of one sample", pictures: folders + ["data/c/1.png"],
            complaint: "ROOT/data: at least 2 samples of each class expected, 1 of 3 classes has one: c"),
        CleaningMistake(
            name: "one class", pictures: ["data/a/1.png", "data/a/2.png"],
            complaint: "ROOT/data: at least 2 classes expected, got 1: all 2 samples are a"),
        CleaningMistake(
            name: "parts", pictures: ["data/train/a/1.png", "data/train/b/1.png", "data/test/a/2.png"],
            complaint: "ROOT/data: class folders of one part expected, got the parts test, train: name one, "
                + "ROOT/data/train"),
        CleaningMistake(
            name: "trusted of an unknown class", trusted: "t.csv",
            files: ["t.csv": "name,label\na/1.png,a\nb/1.png,z\n"],
            pictures: folders,
            complaint: "ROOT/t.csv: b/1.png: one of the 2 classes of the data expected (a, b), got \"z\""),
        CleaningMistake(
            name: "trusted of an unknown name", trusted: "t.csv",
            files: ["t.csv": "name,label\na/1.png,a\nb/9.png,b\n"],
            pictures: folders,
            complaint: "ROOT/t.csv: names of samples of ROOT/data expected, 1 of 2 is not there: b/9.png"),
        CleaningMistake(
            name: "trusted twice with different labels", trusted: "t.csv", files: ["t.csv": "a/1.png,a\na/1.png,b\n"],
            pictures: folders,
            complaint: "ROOT/t.csv: one label for each sample expected, a/1.png has a and b"),
        CleaningMistake(
            name: "a trusted folder of an unknown class", trusted: "others",
            pictures: folders + ["others/a/1.png", "others/z/1.png"],
            complaint: "ROOT/others: z/1.png: one of the 2 classes of the data expected (a, b), got \"z\""),
        CleaningMistake(
            name: "an empty trusted file", trusted: "t.csv", files: ["t.csv": ""], pictures: folders,
            complaint: "ROOT/t.csv: a line for every sample expected, the file is empty"),
        CleaningMistake(
            name: "a test of an unknown class", test: "others", pictures: folders + ["others/z/1.png"],
            complaint: "ROOT/others: z/1.png: one of the 2 classes of the data expected (a, b), got \"z\""),
        CleaningMistake(
            name: "features without labels", data: "f.npy", arrays: ["f.npy": [1, 2, 3, 4]],
            complaint: "ROOT/f.npy: labels of these 4 rows expected (--labels: .npy, CSV or text), none are given"),
        CleaningMistake(
            name: "counts that differ", data: "f.npy", labels: "l.txt", files: ["l.txt": "a\na\nb\n"],
            arrays: ["f.npy": [1, 2, 3, 4]],
            complaint: "ROOT/l.txt: 4 labels expected for the rows of ROOT/f.npy, got 3"),
        CleaningMistake(
            name: "features with NaN", data: "f.npy", labels: "l.txt", files: ["l.txt": "a\na\nb\nb\n"],
            arrays: ["f.npy": [1, 2, .nan, 4]],
            complaint: "ROOT/f.npy: row 2 (from 0): a finite number expected, got nan"),
        CleaningMistake(
            name: "rows that are not there", data: "f.npy", labels: "l.csv",
            files: ["l.csv": "row,label\n1,a\n2,a\n3,b\n4,b\n"], arrays: ["f.npy": [1, 2, 3, 4]],
            complaint: "ROOT/l.csv: rows 0 … 3 of ROOT/f.npy expected, 1 of 4 is not there: 4"),
        CleaningMistake(
            name: "rows without a label", data: "f.npy", labels: "l.csv",
            files: ["l.csv": "row,label\n0,a\n1,a\n3,b\n"],
            arrays: ["f.npy": [1, 2, 3, 4]],
            complaint: "ROOT/l.csv: a label for each of the 4 rows of ROOT/f.npy expected, 1 has none: row 2"),
        CleaningMistake(
            name: "a folder trusted for features", data: "f.npy", labels: "l.txt", trusted: "others",
            files: ["l.txt": "a\na\nb\nb\n"], pictures: ["others/a/1.png"], arrays: ["f.npy": [1, 2, 3, 4]],
            complaint: "ROOT/others: a file of rows and labels expected for trusted features, this is a folder or an "
                + "archive"),
        CleaningMistake(
            name: "a test of another form", data: "f.npy", labels: "l.txt", test: "others",
            files: ["l.txt": "a\na\nb\nb\n"], pictures: ["others/a/1.png"], arrays: ["f.npy": [1, 2, 3, 4]],
            complaint: "ROOT/others: 1 feature a sample expected as in ROOT/f.npy, these are pictures"),
        CleaningMistake(
            name: "a damaged safetensors file", data: "f.safetensors", labels: "l.txt",
            files: ["f.safetensors": "\u{2}\0\0\0\0\0\0\0{]", "l.txt": "a\n"],
            complaint: "ROOT/f.safetensors: a safetensors header of JSON that fits the file expected"),
        CleaningMistake(
            name: "another kind of file", data: "f.bin", files: ["f.bin": "x"],
            complaint: "ROOT/f.bin: a folder, a zip archive, a CSV of file names and labels, or features as .npy or "
                + "safetensors expected, this is another file"),
    ]
}

@Suite struct CleaningErrorTests {
    @Test("each mistake is one line, before the cache is written", arguments: CleaningMistake.all)
    func complaints(mistake: CleaningMistake) throws {
        let scratch = try Scratch(), cache = try Scratch()
        for (path, text) in mistake.files { try scratch.write(text: text, path) }
        for path in mistake.pictures { try scratch.write(greyPNG(1), path) }
        for (path, floats) in mistake.arrays { try scratch.write(npy([floats.count, 1], floats), path) }
        var wasRead = false
        let complaint = complaint {
            let source = try CleaningSource(
                path: "\(scratch.path)/\(mistake.data)", labelsPath: mistake.labels.map { "\(scratch.path)/\($0)" },
                cacheDirectory: cache.path)
            wasRead = true
            if let trusted = mistake.trusted { _ = try source.trusted("\(scratch.path)/\(trusted)") }
            if let test = mistake.test { _ = try source.test("\(scratch.path)/\(test)") }
        }
        #expect(complaint == mistake.complaint.replacing("ROOT", with: scratch.path))
        // What is wrong with trusted samples and tests is found after the data were read, and the data only.
        let files = try FileManager.default.contentsOfDirectory(atPath: cache.path)
        #expect(files.count == (wasRead && !mistake.pictures.isEmpty && mistake.data == "data" ? 1 : 0))
    }
}

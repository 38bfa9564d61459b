import Datasets
import Foundation
import Testing

@Suite struct MixedFolderTests {
    /// Twenty classes, ten to train: PNG and JPEG of many sizes, some with wrong endings; links to pictures, to a class
    /// and back up; names that are not UTF-8, that differ in composition alone, that begin with a combining mark or are
    /// markup; and beside them what systems leave behind.
    private func fill(_ life: RealLife) throws -> (counts: [Int], leftOut: Int) {
        let odd: [[UInt8]] =
            [[0x63, 0x61, 0x66, 0xE9], [0xFF], [0x93, 0xFA]]
            + ["\u{E9}", "e\u{301}", "\u{93F}", "<b>'\"&", "=1+1", "two\r\nlines", ","].map { Array($0.utf8) }
        var counts = [0, 0, 0]
        for index in 0..<20 {
            let part = index < 10 ? 0 : index < 15 ? 1 : 2, folder = ["train", "val", "test"][part]
            let name = index < 10 ? odd[index] : Array("class \(index)".utf8)
            for picture in 0..<(2 + index % 4) {
                let drawing = Drawing.allCases[(index + picture) % 5]
                let (bytes, ending) =
                    switch (index + picture) % 4 {
                    case 0: (Drawing.jpegs[0], "jpg")
                    case 1: (Drawing.jpegs[1], "PNG")
                    default: (drawing.png(side: 16 + 7 * picture + index), picture == 1 ? "jpeg" : "png")
                    }
                let file = Array("data/\(folder)/".utf8) + name + Array("/\(picture).\(ending)".utf8)
                try life.write(bytes, file)
                counts[part] += 1
            }
        }
        try life.link("data/train/,/link.png", to: "../\u{93F}/0.\(try firstEnding(life))")
        for picture in 1...2 { try life.write(Drawing.ring.png(side: 50), "elsewhere/a/\(picture).png") }
        try life.link("data/test/linked", to: "../../elsewhere")
        counts[0] += 1
        counts[2] += 2
        for name in ["train/Thumbs.db", "val/class 10/.DS_Store", "__MACOSX/._1.png", "test/notes.txt"] {
            try life.write([1], "data/\(name)")
        }
        try life.link("data/val/class 11/up", to: "..")
        return (counts, 5)
    }

    private func firstEnding(_ life: RealLife) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(life.path)/data/train/\u{93F}")
        return try #require(names.first { $0.hasPrefix("0.") }?.split(separator: ".").last.map(String.init))
    }

    @Test("train, adapt and the readers agree on the count of a folder as people have them, and the reports show it")
    func oneCount() throws {
        let life = try RealLife(), (counts, leftOut) = try fill(life), all = counts.reduce(0, +)
        let data = "\(life.path)/data", tree = try FileTree(path: data)
        #expect(tree.imageFolders.count == 21 && tree.imageFolders.reduce(0) { $0 + $1.pictures.count } == all)
        #expect(tree.leftOutOfImages.total == leftOut)
        let images = try ImageClasses(
            contentsOf: tree, name: "mixed", preparation: ImagePreparation(side: 28), cache: ImageCache(directory: nil))
        #expect(images.imageCount == all && images.classCount == 21)

        let trained = try life.train("data", ["--image-size", "28"])
        #expect(try trained.status == 0 && trained.summary("images") == counts, "\(trained.lines)")
        #expect(trained.lines.count == 2 && trained.lines[1].contains("\(leftOut) entries not read: "))
        let inventory = try trained.summary("data", as: [String: [String: Any]].self), folder = inventory["folder"]!
        #expect(folder["classes"] as? Int == 21 && folder["pictures"] as? Int == all)
        #expect(
            folder["notRead"] as? [String: Int] == [
                "hidden": 1, "__MACOSX": 1, "Thumbs.db or desktop.ini": 1, "of other formats": 1,
                "links that lead back": 1,
            ])
        let parts = ["training", "validation", "test"].map { inventory["parts"]![$0] as? [String: Int] }
        #expect(parts.map { $0?["classes"] } == [10, 5, 6] && parts.map { $0?["pictures"] } == counts)
        #expect(trained.text("report.html").contains("21 classes, \(all) pictures"))
        let shown = counts.map(String.init).joined(separator: ", ")
        #expect(trained.text("report.html").contains("Pictures read for training, validation and test: \(shown)."))

        try life.write(AdaptationCaseTests.checkpoint.get(), "five.safetensors")
        for drawing in Drawing.allCases { try life.write(drawing.png(), "support/\(drawing)/1.png") }
        let adapted = try life.run(
            "few-shot",
            [
                "adapt", "--checkpoint", "\(life.path)/five.safetensors", "--support", "\(life.path)/support",
                "--query", data,
            ])
        #expect(try adapted.status == 0 && adapted.summary("queryImages") == all, "\(adapted.lines)")
        #expect(adapted.lines.count == 1 && adapted.lines[0].contains("\(leftOut) entries not read: "))
        #expect(try adapted.summary("query", as: NSDictionary.self) == folder as NSDictionary)
        #expect(adapted.text("report.html").contains("21 classes, \(all) pictures; \(leftOut) entries not read: "))
        #expect(adapted.text("predictions.csv").split(separator: "\n").count == all + 1)
        #expect(adapted.text("report.html").contains("\(all) to be told apart"))
    }
}

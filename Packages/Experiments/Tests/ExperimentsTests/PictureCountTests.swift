import Datasets
import Foundation
import Testing

@Suite struct PictureCountTests {
    /// With a split file some classes may be in no part: they are said and counted too.
    @Test func classesThatNoPartNamesAreCounted() throws {
        let life = try RealLife()
        for label in 0..<7 { for i in 0..<2 { try life.write(Drawing.box.png(shift: i), "data/\(label)/\(i).png") } }
        for (part, names) in [("train", "0\n1\n"), ("val", "2\n3\n"), ("test", "4\n5\n")] {
            try life.write(Array(names.utf8), "split/\(part).txt")
        }
        let trained = try life.train("data", ["--split-file", "\(life.path)/split"])
        #expect(trained.status == 0, "\(trained.lines)")
        let inventory = try trained.summary("data", as: [String: [String: Any]].self)
        #expect(inventory["folder"]!["classes"] as? Int == 7 && inventory["folder"]!["pictures"] as? Int == 14)
        #expect(inventory["parts"]!["not used"] as? [String: Int] == ["classes": 1, "pictures": 2])
        let line =
            "\(life.path)/data: 1 of 7 classes not used, with 2 pictures: the split names them in no part, "
            + "6 the first of them"
        #expect(try trained.lines.dropFirst() == [line] && trained.summary("notUsed") == trained.lines)
        #expect(trained.text("report.html").contains(line))
    }
}

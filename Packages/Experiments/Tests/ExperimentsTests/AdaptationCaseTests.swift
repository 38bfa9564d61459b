import Datasets
import Foundation
import Testing

/// What `few-shot adapt` does with pictures as people have them. The number of a case stands in a test's name.
@Suite struct AdaptationCaseTests {
    /// The bytes of a checkpoint of five ways, barely trained: who is right is not asked here.
    static let checkpoint = Result {
        let life = try RealLife()
        let answer = try life.run("few-shot", ["train", "--dataset", "glyphs", "--ways", "5"] + RealLife.shortest)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(answer.output)/last.safetensors")))
    }

    /// A support of five classes, two pictures each; a query of one picture each, of the same look.
    private func life(classes: [String] = Drawing.allCases.map { "\($0)" }) throws -> RealLife {
        let life = try RealLife()
        try life.write(Self.checkpoint.get(), "five.safetensors")
        for (drawing, name) in zip(Drawing.allCases, classes) {
            for shift in 0..<2 { try life.write(drawing.png(shift: shift), "support/\(name)/\(shift).png") }
            try life.write(drawing.png(shift: 2), "query/\(name)/q.png")
        }
        return life
    }

    private func adapt(
        _ life: RealLife, query: String = "query", checkpoint: String? = nil
    ) throws -> RealLife.Answer {
        try life.run(
            "few-shot",
            [
                "adapt", "--checkpoint", checkpoint ?? "\(life.path)/five.safetensors", "--support",
                "\(life.path)/support", "--query", "\(life.path)/\(query)",
            ])
    }

    /// A row of predictions.csv.
    private struct Prediction {
        let image: String, guess: String, folderSays: String, probabilities: [String]
    }

    /// The rows; each has as many fields as there are columns.
    private func predictions(_ answer: RealLife.Answer) throws -> [Prediction] {
        #expect(answer.status == 0, "\(answer.lines)")
        let records = Self.records(answer.text("predictions.csv")), header = try #require(records.first)
        #expect(records.allSatisfy { $0.count == header.count })
        #expect(try answer.summary("queryImages") == records.count - 1)
        #expect(Array(header.prefix(4)) == ["image", "class", "folderSays", "nearest"])
        return records.dropFirst().map {
            Prediction(image: $0[0], guess: $0[1], folderSays: $0[2], probabilities: Array($0[4...]))
        }
    }

    /// CSV as a reader in another language takes it (RFC 4180), by scalars.
    private static func records(_ text: String) -> [[String]] {
        var records: [[String]] = [], fields: [String] = [], field = String.UnicodeScalarView(), isQuoted = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"":
                // The second of a pair opens the field again, and is a part of it.
                if !isQuoted, !field.isEmpty { field.append(scalar) }
                isQuoted.toggle()
            case "," where !isQuoted:
                fields.append(String(field))
                field = .init()
            case "\n" where !isQuoted:
                records.append(fields + [String(field)])
                (fields, field) = ([], .init())
            default: field.append(scalar)
            }
        }
        return records
    }

    @Test("case 01: Apple's variant of PNG is named, in the query and in the support", arguments: ["query", "support"])
    func applePNG(_ folder: String) throws {
        let life = try life(),
            apple: [UInt8] = [0, 0, 0, 4] + Array("CgBI".utf8) + [0x50, 0, 0x20, 2, 0x2B, 0xD5, 0xB3, 0x7F]
        var bytes = Drawing.ring.png()
        bytes.insert(contentsOf: apple, at: 8)
        try life.write(bytes, "\(folder)/ring/iphone.png")
        try adapt(life).expectRefusal(["\(folder)/ring/iphone.png: a standard PNG file expected", "Apple's CgBI"])
    }

    @Test("cases 04 and 04b: JPEG pictures are labelled pictures and queries as PNG are, alone in a class too")
    func jpegs() throws {
        let life = try life()
        for index in 0..<14 { try life.write(Drawing.jpegs[index % 2], "query/ring/IMG_600\(index).JPG") }
        try FileManager.default.removeItem(atPath: "\(life.path)/support/bar")
        for index in 0..<2 { try life.write(Drawing.jpegs[index], "support/bar/photo\(index).jpeg") }
        let answer = try adapt(life)
        #expect(try predictions(answer).count == 19)
        #expect(try answer.summary("classes", as: [String].self).count == 5)
        #expect(try answer.summary("supportImages") == 10)
    }

    @Test("cases 04 and 48: a JPEG file without a picture is refused by name")
    func emptyJPEG() throws {
        let life = try life()
        try life.write(Array(Drawing.jpegs[0][..<20]) + [0xFF, 0xD9], "support/bar/photo.jpg")
        try adapt(life).expectRefusal(["support/bar/photo.jpg: an intact JPEG file expected"])
    }

    @Test("case 07: names that differ in composition alone are two pictures and two classes, in folders and archives")
    func composition() throws {
        let life = try life(classes: ["\u{E9}", "e\u{301}", "a", "b", "c"])
        for name in ["\u{E9}", "e\u{301}"] { try life.write(Drawing.ring.png(), "query/a/\(name).png") }
        let rows = try predictions(adapt(life))
        #expect(rows.count == 7)
        #expect(Set(rows.map { Array($0.image.utf8) }).count == 7)
        #expect(rows.count { Array($0.folderSays.utf8) == Array("e\u{301}".utf8) } == 1)
        let entries = ["ring/\u{E9}.png", "ring/e\u{301}.png", "box/1.png"].map {
            Packed.Entry(name: $0, content: Drawing.ring.png(), flags: 1 << 11)
        }
        try life.write(Packed.zip(entries), "query.zip")
        #expect(try predictions(adapt(life, query: "query.zip")).count == 3)
    }

    @Test("case 08b: classes named by vowel signs, and by other marks that combine, are classes")
    func combiningMarks() throws {
        let names = ["\u{93E}", "\u{93F}", "\u{940}", "\u{301}", "\u{20DD}"], life = try life(classes: names)
        let answer = try adapt(life), rows = try predictions(answer)
        let classes = try answer.summary("classes", as: [String].self)
        #expect(Set(classes.map { Array($0.utf8) }) == Set(names.map { Array($0.utf8) }))
        #expect(rows.count == 5 && rows.allSatisfy { !$0.folderSays.isEmpty })
    }

    @Test("case 06: names that are not UTF-8 are shown escaped in every file")
    func oldEncodings() throws {
        let life = try life(classes: ["a", "b", "c", "d"])
        for (index, name) in ([[0x63, 0x61, 0x66, 0xE9], [0xE9]] as [[UInt8]]).enumerated() {
            let support = Array("\(index == 0 ? "support" : "query")/".utf8)
            try life.write(Drawing.wedge.png(shift: index), support + name + Array("/\u{1}.png".utf8))
        }
        let answer = try adapt(life), rows = try predictions(answer)
        #expect(rows.count == 5 && answer.text("predictions.csv").contains(#",probability of caf\xE9"#))
        #expect(rows.contains { $0.image == #"\xE9/\x01.png"# })
        #expect(answer.text("report.html").contains(#"caf\xE9"#))
    }

    /// Names that are markup, formulas, fields and lines of their own to what reads them carelessly.
    static let awkward = [
        "100% wool & 'silk'", "<script>alert(1)<\u{2215}script>", "two\r\nlines", "=1+1", "a, \"b\"",
    ]
    static let awkwardFiles = [
        "<\u{338}img src=x onerror=alert(2)>", "=HYPERLINK(\"x\")", "+49 170", "\u{65E5}\u{672C}\u{8A9E}", ",\u{301}x",
        "-1", "@SUM(A1)", "\u{202E}gnp", "x'\u{301} onload=document.title=7777 y=", "x\" onload=\"alert(3)", "\t=1",
    ]

    @Test("case 10: with awkward names predictions.csv has a row a picture, and no cell is a formula")
    func awkwardNames() throws {
        let life = try life(classes: Self.awkward)
        for name in Self.awkwardFiles { try life.write(Drawing.box.png(), "query/\(name).png") }
        let rows = try predictions(adapt(life))
        #expect(rows.count == 5 + Self.awkwardFiles.count)
        for row in rows {
            for cell in [row.image, row.guess, row.folderSays] {
                #expect(!["=", "+", "-", "@", "\t", "\r"].contains(cell.unicodeScalars.first), "\(cell)")
            }
        }
        #expect(rows.count { $0.image == "'=HYPERLINK(\"x\").png" } == 1)
        #expect(rows.count { $0.folderSays == "a, \"b\"" } == 1)
    }

    @Test("case 43: no element and no attribute of the report comes from a name")
    func injection() throws {
        /// The beginnings of the report's elements with their attributes' names, counted.
        func elements(_ answer: RealLife.Answer) throws -> [String: Int] {
            #expect(answer.status == 0, "\(answer.lines)")
            var counts: [String: Int] = [:]
            for element in Self.elements(answer.text("report.html")) { counts[element, default: 0] += 1 }
            return counts
        }
        let plain = try life(), awkward = try life(classes: Self.awkward)
        for (index, name) in Self.awkwardFiles.enumerated() {
            try plain.write(Drawing.box.png(), "query/\(index).png")
            try awkward.write(Drawing.box.png(), "query/\(name).png")
        }
        #expect(try elements(adapt(awkward)) == elements(adapt(plain)))
    }

    /// Names of the elements and their attributes as a browser finds them (WHATWG HTML, 13.2.5): an attribute's value
    /// ends with its quote, an element with `>`.
    private static func elements(_ page: String) -> [String] {
        var elements: [String] = [], rest = Array(page.unicodeScalars)[...]
        while let start = rest.firstIndex(of: "<") {
            rest = rest[(start + 1)...]
            guard let first = rest.first, first.properties.isAlphabetic else { continue }
            var element = "", quote: Unicode.Scalar?
            while let scalar = rest.popFirst() {
                if quote != nil {
                    if scalar == quote { quote = nil }
                } else if scalar == "\"" || scalar == "'" {
                    quote = scalar
                } else if scalar == ">" {
                    break
                } else {
                    element.unicodeScalars.append(scalar)
                }
            }
            elements.append(element)
        }
        return elements
    }

    @Test("case 22: a drawing is the same whether grey, with alpha, of one bit, of sixteen or in colour")
    func drawings() throws {
        let life = try life(), plain = Drawing.ring.picture(), size = 28
        func picture(_ channels: Int, _ sample: (UInt8) -> [UInt8]) -> [UInt8] {
            PNG.encode(
                RasterImage(width: size, height: size, channels: channels, pixels: plain.pixels.flatMap(sample)))
        }
        try life.write(PNG.encode(plain), "query/1 grey.png")
        try life.write(picture(2) { [0, 255 - $0] }, "query/2 grey and alpha.png")
        try life.write(picture(4) { [0, 0, 0, 255 - $0] }, "query/3 transparent.png")
        try life.write(picture(4) { $0 == 0 ? [0, 0, 0, 255] : [9, 99, 199, 0] }, "query/4 colour in the clear.png")
        try life.write(picture(3) { [$0, $0, $0] }, "query/5 colour.png")
        let rows = try predictions(adapt(life)).filter { $0.folderSays == "" }
        #expect(rows.count == 5)
        // Equal pixels give equal bits: all stand in one batch.
        for row in rows { #expect(row.probabilities == rows[0].probabilities, "\(row.image)") }
    }

    @Test("case 45: a checkpoint knows the size of its pictures, square or not, chosen or as they are")
    func sizes() throws {
        for options in [[], ["--image-size", "20"]] {
            let life = try RealLife()
            for (part, drawings) in [
                ("train", [Drawing.bar, .box]), ("val", [.cross, .ring]), ("test", [.wedge, .bar]),
            ] {
                for drawing in drawings {
                    for shift in 0..<2 {
                        let wide = drawing.picture(side: 60, shift: shift).resized(width: 40, height: 30, filter: .box)
                        try life.write(PNG.encode(wide), "data/\(part)/\(part) \(drawing)/\(shift).png")
                        // Other sizes than in training.
                        if part == "test" {
                            try life.write(drawing.png(side: 28 + 9 * shift), "support/\(drawing)/\(shift).png")
                            try life.write(drawing.png(side: 90, shift: shift), "query/\(drawing)/\(shift).png")
                        }
                    }
                }
            }
            let trained = try life.train("data", options)
            #expect(trained.status == 0, "\(trained.lines)")
            let answer = try adapt(life, checkpoint: "\(trained.output)/last.safetensors")
            #expect(try predictions(answer).count == 4)
        }
    }
}

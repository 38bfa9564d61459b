import Foundation
import Testing

@testable import Reporting

@Suite struct ReportingTests {
    /// The bytes that TensorBoard's own Python writer makes of the same two events.
    @Test func eventsHaveTensorBoardsBytes() throws {
        #expect(EventFile.crc32c(Array("123456789".utf8)) == 0xe306_9283)
        let bytes =
            EventFile.record(EventFile.version(at: 1.5))
            + EventFile.record(EventFile.event(step: 300, [("loss", 0.25), ("absent", nil), ("f1/é8", -3)], at: 2.5))
        #expect(
            bytes.map { String(format: "%02x", $0) }.joined() == """
                1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c\
                2a00000000000000ae8d91f509000000000000044010ac022a1c\
                0a0b0a046c6f7373150000803e0a0d0a0666312fc3a93815000040c0433b5153
                """)
    }

    @Test func jsonEscapesAndReadsBack() throws {
        let value: JSONValue = [
            "te\"xt": "a\\b\n\u{1}é", "list": [1, 2.5, true, nil], "nan": .number(.nan), "empty": [:],
        ]
        let read = try JSONSerialization.jsonObject(with: Data(value.text.utf8)) as? [String: Any]
        #expect(read?["te\"xt"] as? String == "a\\b\n\u{1}é")
        #expect((read?["list"] as? [Any])?.count == 4)
        #expect(read?["nan"] is NSNull)
        #expect(JSONValue.unsigned(.max).text == "18446744073709551615")
    }

    @Test func chartsSurviveAwkwardSeries() {
        for points in [
            [], [(1.0, 2.0)], [(1, 3), (2, 3)], [(1, .nan), (2, 1), (3, .infinity), (4, 2)], [(0, 1e-9), (1, 2e9)],
        ] as [[(x: Double, y: Double)]] {
            let svg = LineChart(
                title: "<&'\">", xLabel: "x", yLabel: "y", series: [.init("a<b", points), .init("b", [])]
            ).svg
            #expect(!svg.contains("nan") && !svg.contains("inf") && !svg.contains("a<b"))
            #expect(svg.contains("&lt;&amp;&#39;&quot;&gt;"))
        }
        func drawn(_ points: [(x: Double, y: Double)]) -> (lines: Int, dots: Int) {
            let svg = LineChart(title: "t", xLabel: "", yLabel: "", series: [.init("a", points)]).svg
            return (svg.components(separatedBy: "M").count - 1, svg.components(separatedBy: "<circle").count - 1)
        }
        #expect(drawn([(0, 0), (1, .nan), (2, 1)]) == (0, 2))
        #expect(drawn([(0, 0), (1, 1), (2, .nan), (3, 1), (4, 2), (5, .nan), (6, 0)]) == (2, 1))
        #expect(drawn([(0, 0)]) == (0, 1))
        #expect(!Histogram(title: "h", xLabel: "x", series: [("a", []), ("b", [3, 3, .nan])]).svg.contains("nan"))
    }

    @Test func aBandReachesAroundItsLine() {
        let svg = LineChart(
            title: "t", xLabel: "", yLabel: "", series: [.init("a", [(0, 1), (1, 2), (2, .nan)], margins: [1, 3, 1])]
        ).svg
        // There along the upper side and back along the lower; the axis reaches from -1 to 5.
        let outline = svg.firstMatch(of: /<polygon points='([^']*)'/).map {
            $0.1.split(separator: " ").map(String.init)
        }
        #expect(outline?.count == 4 && outline?.last?.hasPrefix("60,") == true)
        #expect(svg.contains(">-2<") || svg.contains(">-1<"))
        #expect(!LineChart(title: "t", xLabel: "", yLabel: "", series: [.init("a", [(0, 1)])]).svg.contains("<polygon"))
    }

    @Test func settingsAreSaidOnceAndShort() {
        var page = HTMLReport(title: "t", subtitle: "")
        let hash = String(repeating: "0123456789abcdef", count: 4)
        page.addSettings(
            ["rate": 0.1, "share": .number(1.0 / 3), "hash": .string(hash), "nothing": nil],
            ["rate": 0.1, "seed": .unsigned(.max)])
        let html = page.html
        #expect(html.components(separatedBy: "<td>rate</td>").count == 2)
        for text in ["<td>0.333333</td>", "<td>0123456789ab…</td>", "<td>–</td>", "<td>18446744073709551615</td>"] {
            #expect(html.contains(text), "\(text)")
        }
        #expect(!html.contains(hash))
    }

    @Test func ticksAreRoundAndCoverTheValues() {
        let axis = Axis([0.13, 0.87], from: 0, to: 100)
        #expect(axis.ticks.count >= 4 && axis.low <= 0.13 && axis.high >= 0.87)
        #expect(axis.ticks.allSatisfy { abs(($0 * 10).rounded() - $0 * 10) < 1e-9 })
    }

    @Test func aBitmapHasItsPixelsFromTheBottomUp() {
        let image = GalleryImage(pixels: [10, 20, 30, 40], channels: 1, height: 2, width: 2, caption: "<x>")
        let bytes = image.bitmap
        #expect(bytes.count == 54 + 16 && bytes[0] == 0x42 && bytes[18] == 2)
        #expect(bytes[54...] == [30, 30, 30, 40, 40, 40, 0, 0, 10, 10, 10, 20, 20, 20, 0, 0])
        #expect(image.html.contains("&lt;x&gt;"))
    }

    @Test func progressDrawsABarOnATerminalAndLinesElsewhere() {
        var time = 0.0, shown = ""
        var bar = ProgressBar(label: "run", total: 10, isTerminal: true, write: { shown += $0 }, now: { time })
        time = 5
        bar.update(5, "F1 0.5")
        #expect(shown.contains("5/10  F1 0.5  5s elapsed, 5s left") && shown.hasPrefix("\r"))
        (shown, time) = ("", 0)
        var resumed = ProgressBar(
            label: "run", total: 10, doneBefore: 4, isTerminal: true, write: { shown += $0 }, now: { time })
        time = 5
        resumed.update(5, "F1 0.5")
        #expect(shown.contains("5s elapsed, 25s left"))
        shown = ""
        var lines = ProgressBar(label: "run", total: 10, isTerminal: false, write: { shown += $0 }, now: { time })
        for i in 1...10 {
            time += 1
            lines.update(i, "x")
        }
        #expect(shown.split(separator: "\n").count == 2, "the first and the last within 15 seconds: \(shown)")
    }

    @Test func tablesAlignAndEscape() {
        let table = Table(columns: ["name", "n"], rows: [["a|b", "1"], ["<c>", "22"]])
        #expect(table.text == "name  n\na|b   1\n<c>   22")
        #expect(table.markdown.contains("a\\|b"))
        #expect(table.html.contains("&lt;c&gt;"))
    }

    /// A quotation mark of an attribute stays escaped whatever combining mark follows it.
    @Test func combiningMarksHideNothingFromTheEscapes() throws {
        for mark in ["\u{301}", "\u{200D}", "\u{93F}", "\u{FE0F}"] {
            let html = GalleryImage(
                pixels: [0], channels: 1, height: 1, width: 1,
                caption: "a'\(mark) onerror=alert(1) b<\(mark)i>\(mark)&\(mark)\"\(mark)"
            ).html
            let expected =
                "a&#39;\(mark) onerror=alert(1) b&lt;\(mark)i&gt;\(mark)&amp;\(mark)&quot;\(mark)"
            #expect(
                html.unicodeScalars.elementsEqual(
                    ("<figure><img alt='\(expected)' src='data:image/bmp;base64,"
                        + html.components(separatedBy: "base64,")[1].components(separatedBy: "'")[0]
                        + "'><figcaption>\(expected)</figcaption></figure>").unicodeScalars))
            let json = JSONValue.string("\"\(mark)\\\(mark)\n\(mark)").text
            #expect(json.unicodeScalars.elementsEqual("\"\\\"\(mark)\\\\\(mark)\\n\(mark)\"".unicodeScalars))
        }
        #expect(escaped("\u{0}\u{1B}[31m") == "\u{2400}\u{241B}[31m")
    }

    @Test func mediansOfEvenOddAndNothing() {
        #expect(Samples([3, 1, 2]).median == 2 && Samples([4, 1, 2, 3]).median == 2.5 && Samples([]).median.isNaN)
    }
}

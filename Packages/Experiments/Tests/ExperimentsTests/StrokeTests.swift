import Datasets
import Foundation
import RunSupport
import Testing

@testable import FewShotSupport

/// Thinning, the width of strokes, and drawings of another pen than the training's.
@Suite struct StrokeTests {
    // MARK: Thinning

    private static func mask(_ rows: [String]) -> [Bool] { rows.flatMap { $0.map { $0 == "#" } } }

    @Test(
        "thinning leaves lines of one pixel, closed where the ink is (worked out by another program)",
        arguments: [
            (
                [
                    "...........", "....###....", "....###....", "....###....", ".#########.", ".#########.",
                    ".#########.", "....###....", "....###....", "....###....", "...........",
                ],
                [
                    "...........", "...........", ".....#.....", ".....#.....", ".....#.....", "..######...",
                    ".....#.....", ".....#.....", "...........", "...........", "...........",
                ]
            ),
            (
                [
                    "............", "...######...", "..########..", ".###....###.", ".##......##.", ".##......##.",
                    ".##......##.", ".###....###.", "..########..", "...######...", "............",
                ],
                [
                    "............", "....####....", "...#....#...", "..#......#..", ".#.......#..", ".#.......#..",
                    ".#.......#..", "..#......#..", "...######...", "............", "............",
                ]
            ),
            // Zhang and Suen's own takes these away.
            (["....", ".##.", ".##.", "...."], ["....", ".#..", "....", "...."]),
            (["######", "######", "......"], [".####.", "......", "......"]),
        ])
    func thinning(_ ink: [String], _ lines: [String]) {
        let result = thinned(Self.mask(ink), height: ink.count, width: ink[0].count)
        let shown = lines.indices.map { y in
            String(result[(y * ink[0].count)..<((y + 1) * ink[0].count)].map { $0 ? "#" : "." })
        }
        #expect(shown == lines)
    }

    @Test("Otsu's threshold parts two groups, whatever their sizes")
    func threshold() {
        let value = otsuThreshold(
            [UInt8](repeating: 20, count: 900) + [30, 25, 200] + [UInt8](repeating: 220, count: 9))
        #expect(30..<200 ~= value)
        // One group only: nothing lies above.
        #expect(otsuThreshold([7, 7, 7]) == 7)
    }

    // MARK: Width

    /// A pen's line from (20, 20) to (80, 50) and a dot, on 105 x 105.
    private static func drawing(pen width: Double, line: Bool = true) -> RasterImage {
        let pixels = (0..<105 * 105).map { place -> UInt8 in
            let (x, y) = (Double(place % 105), Double(place / 105))
            let along = line ? min(max(((x - 20) * 60 + (y - 20) * 30) / 4500, 0), 1) : 0
            let distance = min(hypot(x - 20 - 60 * along, y - 20 - 30 * along), hypot(x - 70, y - 80))
            return UInt8((min(max(width / 2 + 0.5 - distance, 0), 1) * 255).rounded())
        }
        return RasterImage(width: 105, height: 105, channels: 1, pixels: pixels)
    }

    @Test("the width of strokes is the pen's, of dots too", arguments: [3.0, 5, 8, 12], [true, false])
    func width(_ pen: Double, _ line: Bool) throws {
        let skeleton = try #require(StrokeSkeleton(Self.drawing(pen: pen, line: line)))
        #expect(skeleton.parts == 2 || !line)
        // Pixels at the edge count in part; ends are thinned by more or less than half of the pen.
        #expect(abs(skeleton.strokeWidth - pen) < 0.16 * pen + 0.3, "\(skeleton.strokeWidth)")
    }

    @Test("a picture without ink has no strokes")
    func blank() {
        for value: UInt8 in [0, 255] {
            let blank = RasterImage(width: 9, height: 7, channels: 1, pixels: [UInt8](repeating: value, count: 63))
            #expect(StrokeSkeleton(blank) == nil && StrokePen.strokeWidth(blank) == nil)
        }
    }

    @Test("strokes of any pen are redrawn as wide as the training's, always to the same bits", arguments: [2.5, 9, 14])
    func redrawing(_ pen: Double) throws {
        let small = Self.drawing(pen: 3).resized(width: 28, height: 28)
        let trained = try #require(StrokePen.strokeWidth(small)), drawing = Self.drawing(pen: pen)
        func redrawn() -> RasterImage {
            let pen = StrokePen(width: trained, size: .init(height: 28, width: 28))
            return pen.redrawn(drawing, widthOnCanvas: pen.widthOnCanvas(for: [drawing]))
        }
        let width = try #require(StrokePen.strokeWidth(redrawn()))
        #expect(abs(width / trained - 1) < 0.05, "\(width), \(trained)")
        #expect(redrawn() == redrawn())
    }

    // MARK: Another pen

    /// By a round pen, `width` pixels wide, through lists of points in [0, 1]².
    private static func drawn(_ lines: [[(Double, Double)]], pen width: Double, side: Int = 105) -> RasterImage {
        func distance(_ x: Double, _ y: Double, _ from: (Double, Double), _ to: (Double, Double)) -> Double {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1), square = dx * dx + dy * dy
            let along =
                square > 0 ? min(max(((x - from.0) * dx + (y - from.1) * dy) / square, 0), 1) : 0
            return hypot(x - from.0 - along * dx, y - from.1 - along * dy)
        }
        let scale = Double(side)
        let pixels = (0..<side * side).map { place -> UInt8 in
            let (x, y) = ((Double(place % side) + 0.5) / scale, (Double(place / side) + 0.5) / scale)
            let nearest = lines.flatMap { line in
                line.indices.map { distance(x, y, line[max($0 - 1, 0)], line[$0]) }
            }.min()!
            return UInt8((min(max(width / 2 + 0.5 - nearest * scale, 0), 1) * 255).rounded())
        }
        return RasterImage(width: side, height: side, channels: 1, pixels: pixels)
    }

    private static func arc(_ x: Double, _ y: Double, _ radius: Double, _ part: Double = 1) -> [(Double, Double)] {
        (0...40).map {
            let angle = Double($0) / 40 * part * 2 * Double.pi
            return (x + radius * cos(angle), y + radius * sin(angle))
        }
    }

    /// What drawings by thick pens show: a bar, a box, a cross, a ring, a wedge.
    private static let shapes: [[[(Double, Double)]]] = [
        [[(0.35, 0.2), (0.7, 0.9)]], [[(0.25, 0.25), (0.85, 0.25), (0.85, 0.85), (0.25, 0.85), (0.25, 0.25)]],
        [[(0.55, 0.2), (0.55, 0.85)], [(0.25, 0.55), (0.9, 0.55)]], [arc(0.55, 0.55, 0.3)],
        [[(0.25, 0.85), (0.55, 0.25), (0.85, 0.8)]],
    ]
    /// Of an alphabet: hooks, loops, crossings, a small sign beside a large one.
    private static let letters: [[[(Double, Double)]]] = [
        [[(0.3, 0.15), (0.3, 0.8), (0.7, 0.8)], arc(0.6, 0.3, 0.12)],
        [arc(0.5, 0.35, 0.2, 0.6), [(0.7, 0.35), (0.5, 0.9)]],
        [[(0.2, 0.2), (0.8, 0.3), (0.25, 0.7), (0.85, 0.85)], [(0.5, 0.1), (0.45, 0.9)]],
        [arc(0.4, 0.5, 0.15), arc(0.7, 0.5, 0.15), [(0.2, 0.8), (0.9, 0.8)]],
        [[(0.2, 0.5), (0.5, 0.2), (0.8, 0.5), (0.5, 0.8), (0.2, 0.5)], [(0.5, 0.5)]],
    ]

    /// Omniglot's pen is 1.5 of 28 pixels as it is measured, 3 of 105 as it draws. Its characters' lower quarters are
    /// between 0.88 and 1.04; five drawings by thick pens were at 1.66, of 3 to 4 pixels of 28.
    @Test("thick pens are told from the training's with a margin on both sides, and dots are not taken for a pen")
    func anotherPen() throws {
        let pen = StrokePen(width: 1.5, size: .init(height: 28, width: 28))
        func thickness(_ drawings: [[[(Double, Double)]]], pen width: Double, side: Int = 105) -> StrokeThickness {
            pen.thickness(
                drawings.map { Self.drawn($0, pen: width, side: side).resized(width: 28, height: 28) })
        }
        for letters in [Self.letters, Self.shapes] {
            let ordinary = thickness(letters, pen: 3), thinnest = thickness(letters, pen: 2)
            #expect(ordinary.quarters.upper < StrokeThickness.limit / 1.15, "\(ordinary.ratios)")
            #expect(!ordinary.isOfAnotherPen && !thinnest.isOfAnotherPen, "\(thinnest.ratios)")
        }
        for drawings in [
            thickness(Self.shapes, pen: 3.2, side: 28), thickness(Self.shapes, pen: 12),
            thickness(Self.letters, pen: 12),
        ] {
            #expect(drawings.isOfAnotherPen && drawings.quarters.lower > StrokeThickness.limit * 1.15)
        }
        // Braille, whose dots some draw three times as wide as a line.
        let places = [(0.3, 0.2), (0.7, 0.2), (0.3, 0.5), (0.7, 0.5), (0.3, 0.8)],
            braille = places.indices.map { last in places[...last].map { [$0] } }
        let dots = thickness(braille, pen: 15)
        #expect(dots.quarters.lower > StrokeThickness.limit && !dots.isOfAnotherPen && dots.median != nil)
        // One letter among them tells.
        #expect(thickness(braille + [Self.letters[0]], pen: 12).isOfAnotherPen)
        #expect(!thickness(braille + [Self.letters[0]], pen: 3).isOfAnotherPen)
    }

    // MARK: Adapting

    private static let glyphs = Result { try FewShotData.load(.glyphs, path: "") }

    /// Two supports and two queries of five glyphs each, as they are or by a thick pen.
    private func lay(_ folder: String, pen: Double?, in life: RealLife) throws {
        let images = try Self.glyphs.get().test
        for label in 0..<5 {
            for (i, image) in images.images(ofClass: label).prefix(4).enumerated() {
                var picture = images.picture(image)
                if let pen {
                    picture = try #require(StrokeSkeleton(picture.resized(width: 105, height: 105))).drawn(
                        penWidth: pen)
                }
                try life.write(PNG.encode(picture), "\(folder)/\(i < 2 ? "support" : "query")/\(label)/\(i).png")
            }
        }
    }

    private func adapt(
        _ life: RealLife, _ support: String, _ query: String, _ strokes: StrokeTreatment = .auto
    ) throws -> FewShotAdaptation {
        try life.write(AdaptationCaseTests.checkpoint.get(), "five.safetensors")
        var options = FewShotAdaptation.Options()
        options.strokes = strokes
        return try FewShotAdaptation(
            checkpointPath: "\(life.path)/five.safetensors", support: "\(life.path)/\(support)",
            query: "\(life.path)/\(query)", options: options)
    }

    @Test("drawings like the training's are left alone, to the bit")
    func leftAlone() throws {
        let life = try RealLife()
        try lay("plain", pen: nil, in: life)
        let found = try adapt(life, "plain/support", "plain/query"),
            asIs = try adapt(life, "plain/support", "plain/query", .asIs)
        #expect(found.strokes?.isRedrawn == false && !found.notes.contains { $0.contains("strokes") })
        #expect(found.support.pixels == asIs.support.pixels && found.query.pixels == asIs.query.pixels)
        #expect(found.guesses.map(\.probabilities) == asIs.guesses.map(\.probabilities))
    }

    @Test("strokes twice as thick are redrawn, a picture alone as in company, and it is said")
    func redrawn() throws {
        let life = try RealLife()
        try lay("plain", pen: nil, in: life)
        try lay("thick", pen: 16, in: life)
        let thick = try adapt(life, "thick/support", "thick/query"),
            asIs = try adapt(life, "thick/support", "thick/query", .asIs)
        let strokes = try #require(thick.strokes)
        #expect(strokes.isRedrawn && strokes.support > 1.7)
        #expect(
            thick.notes.contains {
                $0.hasSuffix("the training's: redrawn with its pen, as those of \(life.path)/thick/query (--strokes)")
            })
        #expect(thick.query.pixels != asIs.query.pixels && asIs.notes.allSatisfy { !$0.contains("strokes") })
        // Alone, and beside others of another pen.
        let company = Dictionary(uniqueKeysWithValues: thick.guesses.map { ($0.path, $0.probabilities) })
        for label in 0..<5 {
            let alone = try adapt(life, "thick/support", "thick/query/\(label)")
            for guess in alone.guesses { #expect(guess.probabilities == company["\(label)/\(guess.path)"]) }
        }
        // Only the pictures to be told apart: left as they are, and said.
        let others = try adapt(life, "plain/support", "thick/query")
        #expect(others.strokes?.isRedrawn == false && others.notes.contains { $0.hasSuffix("(--strokes redraw)") })
        #expect(try adapt(life, "plain/support", "thick/query", .redraw).strokes?.isRedrawn == true)
    }

    @Test("networks of other pictures leave them alone, and cannot be asked to redraw")
    func photographs() throws {
        let life = try RealLife()
        try TrainingCase.write(TrainingCase.classes, life)
        let trained = try life.train("data", []), checkpoint = "\(trained.output)/last.safetensors"
        #expect(trained.status == 0, "\(trained.lines)")
        func run(_ options: [String]) throws -> RealLife.Answer {
            try life.run(
                "few-shot",
                [
                    "adapt", "--checkpoint", checkpoint, "--support", "\(life.path)/data/test", "--query",
                    "\(life.path)/data/test",
                ] + options)
        }
        let plain = try run([]), asIs = try run(["--strokes", "as-is"])
        #expect(plain.status == 0 && plain.text("summary.json").contains("\"strokes\": null"))
        #expect(plain.text("predictions.csv") == asIs.text("predictions.csv"))
        try run(["--strokes", "redraw"]).expectRefusal([checkpoint, "omniglot or glyphs", "got folder"])
    }
}

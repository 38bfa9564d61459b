import Randomness

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A procedural alphabet: characters of curved strokes that nobody has seen before, so few-shot learning can be tried
/// with no download. Images are grey, ink is 255.
///
/// A class is two to four strokes, each a quadratic Bézier curve between points of a 4 x 4 grid, often joined end to
/// end. A drawing of it moves every point a little, turns, scales and shears the whole, and changes the width of the
/// pen, as a hand would.
public struct Glyphs: Sendable {
    /// What decides the classes and their pictures.
    public let seed: UInt64
    /// Of the square pictures, in pixels.
    public let side: Int

    /// - Parameter side: at least 8 pixels.
    public init(seed: UInt64, side: Int = 28, file: StaticString = #fileID, line: UInt = #line) {
        require(side >= 8, "Glyphs: a side of at least 8 pixels expected, got \(side)", file: file, line: line)
        self.seed = seed
        self.side = side
    }

    private typealias Point = SIMD2<Double>
    private typealias Stroke = (start: Point, control: Point, end: Point)

    /// The first `classes` characters of the alphabet, each drawn `imagesPerClass` times.
    public func images(classes: Int, imagesPerClass: Int) -> ImageClasses {
        var pixels: [UInt8] = [], digest = SHA256()
        pixels.reserveCapacity(classes * imagesPerClass * side * side)
        for index in 0..<classes {
            let strokes = character(index)
            for drawing in 0..<imagesPerClass {
                var random = RandomGenerator(seed: seed, stream: .drawing(drawing, ofGlyph: index))
                pixels += render(strokes, &random)
            }
        }
        digest.update(pixels)
        return ImageClasses(
            name: "glyphs",
            storage: PixelStorage(
                count: classes * imagesPerClass, channels: 1, height: side, width: side, place: .memory(pixels),
                hash: digest.finalized()),
            members: (0..<classes).map {
                .init(name: "glyph \($0)", images: ($0 * imagesPerClass)..<(($0 + 1) * imagesPerClass))
            })
    }

    /// Strokes in the square [-1, 1]².
    private func character(_ index: Int) -> [Stroke] {
        var random = RandomGenerator(seed: seed, stream: .glyph(index))
        func gridPoint() -> Point {
            Point(Double(random.remainder(below: 4)), Double(random.remainder(below: 4))) * 0.5 - 0.75
        }
        var strokes: [Stroke] = [], last = gridPoint()
        for _ in 0..<(2 + random.remainder(below: 3)) {
            let start = random.remainder(below: 3) == 0 ? gridPoint() : last
            var end = gridPoint()
            while end == start { end = gridPoint() }
            let middle = (start + end) / 2, normal = Point(start.y - end.y, end.x - start.x)
            // Straight, or bent to either side.
            let bend = [0, 0, 0.5, -0.5, 0.9, -0.9][random.remainder(below: 6)]
            strokes.append((start, middle + normal * bend, end))
            last = end
        }
        return strokes
    }

    private func render(_ strokes: [Stroke], _ random: inout RandomGenerator) -> [UInt8] {
        func uniform(_ range: Double) -> Double { (random.uniform() * 2 - 1) * range }
        let angle = uniform(0.2), scaleX = 1 + uniform(0.15), scaleY = 1 + uniform(0.15), shear = uniform(0.15)
        let shift = Point(uniform(0.12), uniform(0.12)), pen = 0.075 + uniform(0.025)
        func moved(_ point: Point) -> Point {
            let p = point + Point(uniform(0.07), uniform(0.07))
            let sheared = Point(scaleX * (p.x + shear * p.y), scaleY * p.y)
            return Point(
                cos(angle) * sheared.x - sin(angle) * sheared.y, sin(angle) * sheared.x + cos(angle) * sheared.y)
                + shift
        }
        let segmentsPerStroke = 8
        var polylines: [[Point]] = []
        for stroke in strokes {
            let (a, b, c) = (moved(stroke.start), moved(stroke.control), moved(stroke.end))
            polylines.append(
                (0...segmentsPerStroke).map { i in
                    let t = Double(i) / Double(segmentsPerStroke)
                    return a * (1 - t) * (1 - t) + b * 2 * t * (1 - t) + c * t * t
                })
        }
        let pixel = 2.2 / Double(side)
        return (0..<side * side).map { place in
            let point = Point((Double(place % side) + 0.5) * pixel - 1.1, (Double(place / side) + 0.5) * pixel - 1.1)
            var nearest = Double.infinity
            for line in polylines {
                for i in 0..<segmentsPerStroke {
                    let direction = line[i + 1] - line[i], offset = point - line[i]
                    let length = max((direction * direction).sum(), 1e-12)
                    let difference = offset - direction * min(max((offset * direction).sum() / length, 0), 1)
                    nearest = min(nearest, (difference * difference).sum())
                }
            }
            // Ink fades over one pixel at the stroke's edge.
            return UInt8((min(max((pen - nearest.squareRoot()) / pixel + 0.5, 0), 1) * 255).rounded())
        }
    }
}

extension RandomStream {
    /// The strokes of a character.
    fileprivate static func glyph(_ index: Int) -> RandomStream {
        RandomStream("glyph \(index)", number: UInt64(index) << 32)
    }

    /// The hand that draws it, anew each time.
    fileprivate static func drawing(_ drawing: Int, ofGlyph index: Int) -> RandomStream {
        RandomStream("glyph \(index), drawing \(drawing)", number: UInt64(index) << 32 | UInt64(drawing + 1))
    }
}

import Datasets

/// The strokes of a drawing, thinned to lines of one pixel, and what is seen of the pen that drew them.
package struct StrokeSkeleton {
    package let height: Int, width: Int
    /// [height, width], row-major.
    package let isLine: [Bool]
    /// In pixels: 1 between neighbours of a row or column, √2 across.
    package let length: Double
    /// Lines and dots that do not touch.
    package let parts: Int
    /// In pixels.
    package let strokeWidth: Double

    /// Whether its parts are lines, longer on the average than two widths of the pen: how large a dot is does not say
    /// with which pen it was made.
    package var showsLines: Bool { length > 2 * strokeWidth * Double(parts) }

    /// - Parameter drawing: of one channel, strokes light on a dark ground. Nil where there is nothing on it.
    package init?(_ drawing: RasterImage) {
        let threshold = otsuThreshold(drawing.pixels), largest = drawing.pixels.max() ?? 0
        guard largest > threshold else { return nil }
        (height, width) = (drawing.height, drawing.width)
        isLine = thinned(drawing.pixels.map { $0 > threshold }, height: height, width: width)
        (length, parts) = Self.extent(isLine, height, width)
        // A line of length L that a round pen of width w drew covers L w + π w²/4; n of them, the latter n times.
        let area = Double(drawing.pixels.reduce(0) { $0 + Int($1) }) / Double(largest),
            caps = Double.pi / 4 * Double(parts)
        strokeWidth = 2 * area / (length + (length * length + 4 * caps * area).squareRoot())
    }

    private static func extent(_ isLine: [Bool], _ height: Int, _ width: Int) -> (length: Double, parts: Int) {
        func at(_ y: Int, _ x: Int) -> Bool {
            y >= 0 && x >= 0 && y < height && x < width && isLine[y * width + x]
        }
        var length = 0.0, parts = 0, isSeen = [Bool](repeating: false, count: isLine.count), open: [Int] = []
        for start in isLine.indices where isLine[start] {
            let (y, x) = start.quotientAndRemainder(dividingBy: width)
            length += (at(y, x + 1) ? 1 : 0) + (at(y + 1, x) ? 1 : 0)
            // Across, unless there is a way around the corner.
            for side in [-1, 1] where at(y + 1, x + side) && !at(y + 1, x) && !at(y, x + side) {
                length += 2.0.squareRoot()
            }
            guard !isSeen[start] else { continue }
            parts += 1
            isSeen[start] = true
            open.append(start)
            while let place = open.popLast() {
                let (y, x) = place.quotientAndRemainder(dividingBy: width)
                for (dy, dx) in neighbourOffsets where at(y + dy, x + dx) && !isSeen[(y + dy) * width + x + dx] {
                    isSeen[(y + dy) * width + x + dx] = true
                    open.append((y + dy) * width + x + dx)
                }
            }
        }
        return (length, parts)
    }

    /// Drawn again by a round pen; its edge fades over a pixel.
    package func drawn(penWidth: Double) -> RasterImage {
        let radius = penWidth / 2, reach = Int(radius + 0.5)
        var pixels = [UInt8](repeating: 0, count: isLine.count)
        for place in isLine.indices where isLine[place] {
            let (y, x) = place.quotientAndRemainder(dividingBy: width)
            for v in max(y - reach, 0)...min(y + reach, height - 1) {
                for u in max(x - reach, 0)...min(x + reach, width - 1) {
                    let distance = Double((v - y) * (v - y) + (u - x) * (u - x)).squareRoot()
                    let ink = UInt8((min(max(radius + 0.5 - distance, 0), 1) * 255).rounded())
                    pixels[v * width + u] = max(pixels[v * width + u], ink)
                }
            }
        }
        return RasterImage(width: width, height: height, channels: 1, pixels: pixels)
    }
}

import Datasets
import Foundation
import RunSupport

/// Pictures as histograms of oriented gradients (Dalal and Triggs 2005): which way edges run, in each cell of a grid.
///
/// A network of few samples need not learn edges first, and what is wrong with a label shows sooner. A cell is a part
/// of the picture of about 4 x 4 pixels, at most 8 cells a side; 8 directions over the whole circle; each histogram is
/// divided by the norms of the four blocks of 2 x 2 cells around it, cut at 0.4, and the mean of the four scaled to
/// [0, 1]. Kept with 8 bits a value: a few hundred bytes a picture.
package struct OrientedGradients: Sendable {
    private static let directions = 8, cut: Float = 0.4

    /// How many numbers a picture has.
    package let valuesPerSample: Int
    private let bytes: [UInt8]

    /// - Parameter samples: pictures.
    package init(of samples: LabeledSamples, file: StaticString = #fileID, line: UInt = #line) {
        guard case .pictures(let channels, let height, let width) = samples.form else {
            require(false, "OrientedGradients: pictures expected, got \(samples.form)", file: file, line: line)
            fatalError()
        }
        var histograms = CellHistograms(channels: channels, height: height, width: width)
        valuesPerSample = histograms.rows * histograms.columns * Self.directions
        var bytes: [UInt8] = [], planes = [Float](repeating: 0, count: samples.valuesPerSample)
        bytes.reserveCapacity(samples.count * valuesPerSample)
        for i in 0..<samples.count {
            planes.withUnsafeMutableBufferPointer { samples.write([i], to: $0) }
            histograms.count(planes)
            bytes += histograms.normalized(cut: Self.cut).map { UInt8(($0 / Self.cut * 255).rounded()) }
        }
        self.bytes = bytes
    }

    /// Those of some samples, [indices.count, valuesPerSample], in [0, 1].
    package func write(_ indices: [Int], to buffer: UnsafeMutableBufferPointer<Float>) {
        let size = valuesPerSample
        bytes.withUnsafeBufferPointer { bytes in
            for (row, index) in indices.enumerated() {
                for j in 0..<size { buffer[row * size + j] = Float(bytes[index * size + j]) / 255 }
            }
        }
    }

    /// The histograms of one picture, [rows, columns, directions].
    private struct CellHistograms {
        let channels: Int, height: Int, width: Int
        let rows: Int, columns: Int
        private var values: [Float]

        init(channels: Int, height: Int, width: Int) {
            (self.channels, self.height, self.width) = (channels, height, width)
            rows = min(8, max(1, height / 4))
            columns = min(8, max(1, width / 4))
            values = [Float](repeating: 0, count: rows * columns * OrientedGradients.directions)
        }

        /// Each pixel's gradient, that of the channel where it is largest, is shared between the two nearest directions
        /// of its cell. Pixels at the border have no gradient across it.
        mutating func count(_ planes: [Float]) {
            let directions = OrientedGradients.directions, plane = height * width
            for i in values.indices { values[i] = 0 }
            for y in 0..<height {
                for x in 0..<width {
                    var (across, down, largest): (Float, Float, Float) = (0, 0, 0)
                    for channel in 0..<channels {
                        let at = channel * plane + y * width + x
                        let dx = x > 0 && x < width - 1 ? planes[at + 1] - planes[at - 1] : 0
                        let dy = y > 0 && y < height - 1 ? planes[at + width] - planes[at - width] : 0
                        let square = dx * dx + dy * dy
                        if square > largest { (across, down, largest) = (dx, dy, square) }
                    }
                    guard largest > 0 else { continue }
                    let magnitude = largest.squareRoot()
                    let turn = atan2(down, across) / (2 * .pi)
                    let place = (turn < 0 ? turn + 1 : turn) * Float(directions), lower = Int(place)
                    let share = place - Float(lower)
                    let cell = (y * rows / height * columns + x * columns / width) * directions
                    values[cell + lower % directions] += magnitude * (1 - share)
                    values[cell + (lower + 1) % directions] += magnitude * share
                }
            }
        }

        func normalized(cut: Float) -> [Float] {
            let directions = OrientedGradients.directions
            let squares = (0..<(rows * columns)).map { cell in
                values[(cell * directions)..<((cell + 1) * directions)].reduce(0) { $0 + $1 * $1 }
            }
            // A flat cell's noise is not an edge: as much as a tenth of full contrast a pixel counts beside it.
            let floor = 0.01 * Float(height * width) / Float(rows * columns)
            func square(_ row: Int, _ column: Int) -> Float {
                squares[min(max(row, 0), rows - 1) * columns + min(max(column, 0), columns - 1)]
            }
            var result = values
            for row in 0..<rows {
                for column in 0..<columns {
                    let scales = [(-1, -1), (-1, 0), (0, -1), (0, 0)].map { top, left in
                        let (r, c) = (row + top, column + left)
                        let block = square(r, c) + square(r, c + 1) + square(r + 1, c) + square(r + 1, c + 1)
                        return 1 / (block + floor).squareRoot()
                    }
                    let cell = (row * columns + column) * directions
                    for j in cell..<(cell + directions) {
                        result[j] = scales.reduce(0) { $0 + min(values[j] * $1, cut) } / Float(scales.count)
                    }
                }
            }
            return result
        }
    }
}

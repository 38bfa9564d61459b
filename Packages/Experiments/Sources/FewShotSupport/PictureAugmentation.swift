import Randomness
import RunSupport

/// How a training picture is changed before it is shown, anew each time, so that a network does not learn a few
/// pictures by heart.
package enum PictureAugmentation: String, NamedSetting {
    case none
    /// A part of the picture, made as large as the whole, half of the time mirrored.
    case crops

    /// The least side of a part, of the whole's.
    private static let leastSide = 0.9

    /// Changes pictures [n, channels, height, width] where they lie.
    package func apply(
        to pictures: UnsafeMutableBufferPointer<Float>, _ image: (channels: Int, height: Int, width: Int),
        using random: inout RandomGenerator
    ) {
        guard self == .crops else { return }
        let plane = image.height * image.width
        for picture in stride(from: 0, to: pictures.count, by: image.channels * plane) {
            let side = Self.leastSide + (1 - Self.leastSide) * random.uniform(),
                rows = PixelSampling(image.height, side: side, place: random.uniform()),
                columns = PixelSampling(
                    image.width, side: side, place: random.uniform(), isMirrored: random.uniform() < 0.5)
            for channel in 0..<image.channels {
                let start = picture + channel * plane
                PixelSampling.resample(
                    UnsafeMutableBufferPointer(rebasing: pictures[start..<(start + plane)]), rows, columns)
            }
        }
    }
}

/// Where the pixels of a part come from, along one axis: between which two of the whole, and how far from the first.
private struct PixelSampling {
    private var pixel: [Int] = [], next: [Int] = [], share: [Float] = []

    /// - Parameters:
    ///   - side: of the part, of the whole.
    ///   - place: where it begins, 0 the first and 1 the last that is possible.
    init(_ count: Int, side: Double, place: Double, isMirrored: Bool = false) {
        let start = Double(count - 1) * (1 - side) * place
        for index in 0..<count {
            let position = start + side * Double(isMirrored ? count - 1 - index : index),
                first = min(Int(position), count - 1)
            pixel.append(first)
            next.append(min(first + 1, count - 1))
            share.append(Float(position - Double(first)))
        }
    }

    /// One plane, linearly between its pixels.
    static func resample(
        _ plane: UnsafeMutableBufferPointer<Float>, _ rows: PixelSampling, _ columns: PixelSampling
    ) {
        let width = columns.pixel.count, whole = Array(plane)
        var row = [Float](repeating: 0, count: width)
        for y in rows.pixel.indices {
            let above = rows.pixel[y] * width, below = rows.next[y] * width, share = rows.share[y]
            for x in 0..<width { row[x] = whole[above + x] * (1 - share) + whole[below + x] * share }
            for x in 0..<width {
                let share = columns.share[x]
                plane[y * width + x] = row[columns.pixel[x]] * (1 - share) + row[columns.next[x]] * share
            }
        }
    }
}

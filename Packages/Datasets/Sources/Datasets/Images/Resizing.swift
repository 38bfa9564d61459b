/// How a new size is sampled. Both average over the area a new pixel covers when the picture shrinks.
public enum ResizingFilter: String, Sendable, CaseIterable {
    /// The mean over the pixel's own area.
    case box
    /// Weights that fall off linearly over twice that area.
    case bilinear

    fileprivate var support: Double { self == .box ? 0.5 : 1 }

    fileprivate func weight(_ x: Double) -> Double {
        switch self {
        case .box: x > -0.5 && x <= 0.5 ? 1 : 0
        case .bilinear: max(0, 1 - abs(x))
        }
    }
}

extension RasterImage {
    /// The picture in another size: first along the rows, then along the columns, with weights in 22-bit fixed point.
    /// This is pillow's `Image.resize`, to the bit, so that preprocessed data agree with what Python tools produce.
    public func resized(width newWidth: Int, height newHeight: Int, filter: ResizingFilter = .bilinear) -> RasterImage {
        var image = self
        if newWidth != width {
            var pixels: [UInt8] = []
            pixels.reserveCapacity(height * newWidth * channels)
            let windows = ResamplingWindow.windows(from: width, to: newWidth, filter)
            for y in 0..<height {
                for window in windows {
                    for channel in 0..<channels {
                        pixels.append(
                            window.applied(to: image.pixels, start: y * width * channels + channel, step: channels))
                    }
                }
            }
            image = RasterImage(width: newWidth, height: height, channels: channels, pixels: pixels)
        }
        if newHeight != height {
            let row = newWidth * channels
            var pixels: [UInt8] = []
            pixels.reserveCapacity(newHeight * row)
            for window in ResamplingWindow.windows(from: height, to: newHeight, filter) {
                for x in 0..<row { pixels.append(window.applied(to: image.pixels, start: x, step: row)) }
            }
            image = RasterImage(width: newWidth, height: newHeight, channels: channels, pixels: pixels)
        }
        return image
    }
}

/// The old pixels that make one new pixel, and their weights.
private struct ResamplingWindow {
    static let fractionBits = 22

    let first: Int
    let weights: [Int]

    static func windows(from oldSize: Int, to newSize: Int, _ filter: ResizingFilter) -> [ResamplingWindow] {
        let scale = Double(oldSize) / Double(newSize), filterScale = max(scale, 1),
            support = filter.support * filterScale, perPixel = 1 / filterScale
        return (0..<newSize).map { index in
            let center = (Double(index) + 0.5) * scale
            let first = max(0, Int(center - support + 0.5)), end = min(oldSize, Int(center + support + 0.5))
            let raw = (first..<end).map { filter.weight((Double($0) - center + 0.5) * perPixel) }
            let sum = raw.reduce(0, +)
            return ResamplingWindow(
                first: first, weights: raw.map { Int(0.5 + (sum == 0 ? $0 : $0 / sum) * Double(1 << fractionBits)) })
        }
    }

    func applied(to samples: [UInt8], start: Int, step: Int) -> UInt8 {
        var sum = 1 << (Self.fractionBits - 1), position = start + first * step
        for weight in weights {
            sum += Int(samples[position]) * weight
            position += step
        }
        return UInt8(clamping: sum >> Self.fractionBits)
    }
}

/// A picture in memory: 8-bit samples, rows from top to bottom, the channels of a pixel side by side.
public struct RasterImage: Sendable, Hashable {
    /// In pixels.
    public let width: Int, height: Int
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    public let channels: Int
    /// [height, width, channels].
    public var pixels: [UInt8]

    /// - Parameter pixels: [height, width, channels], row-major; else it stops.
    public init(
        width: Int, height: Int, channels: Int, pixels: [UInt8], file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            (1...4).contains(channels), "RasterImage: 1 to 4 channels expected, got \(channels)", file: file, line: line
        )
        require(
            width > 0 && height > 0 && pixels.count == width * height * channels,
            "RasterImage: \(width) x \(height) x \(channels) samples expected, got \(pixels.count)", file: file,
            line: line)
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// The same picture in grey (1) or RGB (3). Transparent parts show white paper; grey is the luma 0.299 R + 0.587 G
    /// + 0.114 B of ITU-R BT.601, rounded as pillow does.
    public func converted(toChannels target: Int, file: StaticString = #fileID, line: UInt = #line) -> RasterImage {
        require(
            target == 1 || target == 3, "RasterImage: conversion to 1 or 3 channels expected, got \(target)",
            file: file,
            line: line)
        guard channels != target else { return self }
        var result: [UInt8] = []
        result.reserveCapacity(width * height * target)
        let colours = channels >= 3 ? 3 : 1
        for start in stride(from: 0, to: pixels.count, by: channels) {
            func sample(_ channel: Int) -> Int {
                let value = Int(pixels[start + channel % colours])
                guard channels % 2 == 0 else { return value }
                let alpha = Int(pixels[start + colours])
                return (value * alpha + 255 * (255 - alpha) + 127) / 255
            }
            if target == 3 {
                for channel in 0..<3 { result.append(UInt8(sample(channel))) }
            } else if colours == 1 {
                result.append(UInt8(sample(0)))
            } else {
                result.append(UInt8((sample(0) * 19595 + sample(1) * 38470 + sample(2) * 7471 + 0x8000) >> 16))
            }
        }
        return RasterImage(width: width, height: height, channels: target, pixels: result)
    }

    /// Every sample v replaced by 255 - v: dark ink on light paper becomes 1 on 0.
    public func inverted() -> RasterImage {
        var result = self
        for i in result.pixels.indices { result.pixels[i] = 255 - result.pixels[i] }
        return result
    }
}

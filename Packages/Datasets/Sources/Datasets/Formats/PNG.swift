import CPNGCodec

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// PNG files in memory, decoded and encoded by libpng.
///
/// Every colour type and depth is expanded: palettes to RGB, grey of 1, 2 and 4 bits to 8, a tRNS chunk to an alpha
/// channel. Gamma and colour profiles are ignored, as is usual for training data.
public enum PNG {
    /// 8 bits a sample; of 16-bit files the high byte, as in pillow.
    /// - Parameter name: stands in errors; the file's path.
    public static func decode(_ bytes: [UInt8], name: String, limits: PictureLimits = PictureLimits())
        throws(DatasetError)
        -> RasterImage
    {
        let (header, pixels) = try read(bytes, keeping16Bits: false, name, limits)
        return RasterImage(
            width: Int(header.width), height: Int(header.height), channels: Int(header.channels), pixels: pixels)
    }

    /// All 16 bits of a 16-bit file: samples [height, width, channels].
    public static func decode16(_ bytes: [UInt8], name: String, limits: PictureLimits = PictureLimits())
        throws(DatasetError)
        -> (width: Int, height: Int, channels: Int, samples: [UInt16])
    {
        let (header, pixels) = try read(bytes, keeping16Bits: true, name, limits)
        guard header.bytes_per_sample == 2 else {
            throw .unsupported(at: name, "a PNG of 16 bits a sample expected, got at most 8")
        }
        let samples = (0..<pixels.count / 2).map { UInt16(pixels[2 * $0]) << 8 | UInt16(pixels[2 * $0 + 1]) }
        return (Int(header.width), Int(header.height), Int(header.channels), samples)
    }

    /// - Parameter compressionLevel: zlib's, 0 (none) to 9 (smallest).
    public static func encode(
        _ image: RasterImage, compressionLevel: Int = 6, file: StaticString = #fileID, line: UInt = #line
    ) -> [UInt8] {
        var message = [CChar](repeating: 0, count: Int(PNGCODEC_MESSAGE_SIZE))
        var bytes: UnsafeMutablePointer<UInt8>?, count = 0
        let failed = pngcodec_write(
            image.pixels, UInt32(image.width), UInt32(image.height), UInt32(image.channels),
            Int32(min(max(compressionLevel, 0), 9)), &bytes, &count, &message)
        // A RasterImage is valid by construction; what remains is memory that ran out or a side beyond libpng's
        // 1,000,000.
        guard failed == 0, let bytes else {
            fatalError("PNG.encode: \(image.width) x \(image.height): \(text(message))", file: file, line: line)
        }
        defer { free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    private static func read(_ bytes: [UInt8], keeping16Bits: Bool, _ name: String, _ limits: PictureLimits)
        throws(DatasetError)
        -> (pngcodec_header, [UInt8])
    {
        // The first chunk of what Apple's tools make of a PNG file for an iPhone: no other program reads it.
        guard bytes.count < 16 || !bytes[12..<16].elementsEqual("CgBI".utf8) else {
            throw .unsupported(
                at: name, "a standard PNG file expected, this is Apple's CgBI variant, as in iPhone apps; save it anew")
        }
        var message = [CChar](repeating: 0, count: Int(PNGCODEC_MESSAGE_SIZE))
        var header = pngcodec_header()
        let codecLimits = pngcodec_limits(
            maximum_side: UInt32(clamping: limits.maximumSide), maximum_bytes: UInt64(clamping: limits.maximumBytes))
        let pixels: [UInt8]? = bytes.withUnsafeBufferPointer { source in
            guard
                let decoder = pngcodec_open(
                    source.baseAddress, source.count, keeping16Bits ? 1 : 0, codecLimits, &header, &message)
            else { return nil }
            defer { pngcodec_close(decoder) }
            let count = Int(header.width) * Int(header.height) * Int(header.channels) * Int(header.bytes_per_sample)
            var failed: Int32 = 0
            let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                failed = pngcodec_read(decoder, buffer.baseAddress!, &message)
                initialized = failed == 0 ? count : 0
            }
            return failed == 0 ? pixels : nil
        }
        guard let pixels else { throw .damaged(at: name, "an intact PNG file expected: \(text(message))") }
        return (header, pixels)
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

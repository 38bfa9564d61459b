import CJPEGCodec

/// JPEG files in memory, decoded by libjpeg-turbo: baseline and progressive, grey and colour.
///
/// The result is the library's accurate integer transform with its smooth ("fancy") upsampling, as in pillow. Colour
/// profiles are ignored. CMYK, which print shops use, is refused.
public enum JPEG {
    /// 8 bits a sample, 1 or 3 channels, turned as the EXIF orientation says.
    /// - Parameter name: stands in errors; the file's path.
    public static func decode(_ bytes: [UInt8], name: String, limits: PictureLimits = PictureLimits())
        throws(DatasetError) -> RasterImage
    {
        var message = [CChar](repeating: 0, count: Int(JPEGCODEC_MESSAGE_SIZE))
        var header = jpegcodec_header()
        let codecLimits = jpegcodec_limits(
            maximum_side: UInt32(clamping: limits.maximumSide), maximum_bytes: UInt64(clamping: limits.maximumBytes))
        var status = JPEGCODEC_DAMAGED
        let pixels: [UInt8]? = bytes.withUnsafeBufferPointer { source in
            guard
                let decoder = jpegcodec_open(
                    source.baseAddress, source.count, codecLimits, &header, &status, &message)
            else { return nil }
            defer { jpegcodec_close(decoder) }
            let count = Int(header.width) * Int(header.height) * Int(header.channels)
            var failed: Int32 = 0
            let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                failed = jpegcodec_read(decoder, buffer.baseAddress!, &message)
                initialized = failed == 0 ? count : 0
            }
            return failed == 0 ? pixels : nil
        }
        guard let pixels else {
            let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw status == JPEGCODEC_UNSUPPORTED
                ? .unsupported(at: name, "a grey or RGB JPEG file expected: \(text)")
                : .damaged(at: name, "an intact JPEG file expected: \(text)")
        }
        return RasterImage(
            width: Int(header.width), height: Int(header.height), channels: Int(header.channels), pixels: pixels
        ).oriented(EXIFOrientation.of(bytes))
    }
}

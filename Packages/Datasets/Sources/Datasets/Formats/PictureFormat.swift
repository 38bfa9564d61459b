/// The formats of pictures, told by a file's content and not by its ending: a JPEG file called `.png` is a JPEG file.
public enum PictureFormat: String, Sendable, CaseIterable {
    case png = "PNG", jpeg = "JPEG"
    // Not read:
    case webP = "WebP", tiff = "TIFF", gif = "GIF", bmp = "BMP", heic = "HEIC", avif = "AVIF", jpeg2000 = "JPEG 2000"
    case jpegXL = "JPEG XL", psd = "Photoshop", svg = "SVG", icon = "ICO"

    /// The format of a file that begins so; nil if it is none of these.
    public init?(_ beginning: some Collection<UInt8>) {
        let bytes = Array(beginning.prefix(64))
        func has(_ text: [UInt8], at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text) }
        func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }
        if has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if has([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if has("RIFF") && has("WEBP", at: 8) {
            self = .webP
        } else if has("II*\0") || has("MM\0*") || has("II+\0") || has("MM\0+") {
            self = .tiff
        } else if has("GIF87a") || has("GIF89a") {
            self = .gif
        } else if has("BM") && bytes.count > 14 && has([0, 0, 0, 0], at: 6) {
            self = .bmp
        } else if has("ftyp", at: 4) {
            self = Self.isoFormat(bytes)
        } else if has([0, 0, 0, 0x0C]) && has("jP  ", at: 4) || has([0xFF, 0x4F, 0xFF, 0x51]) {
            self = .jpeg2000
        } else if has([0xFF, 0x0A]) || has([0, 0, 0, 0x0C]) && has("JXL ", at: 4) {
            self = .jpegXL
        } else if has("8BPS") {
            self = .psd
        } else if has([0, 0, 1, 0]) {
            self = .icon
        } else if ContentKind(bytes) == .xml {
            self = .svg
        } else {
            return nil
        }
    }

    /// Of an ISO media file, by its brands.
    private static func isoFormat(_ bytes: [UInt8]) -> PictureFormat {
        let brands = String(decoding: bytes.dropFirst(8).prefix(40), as: UTF8.self)
        return brands.contains("avif") || brands.contains("avis") ? .avif : .heic
    }

    /// Endings, in small letters, of files that are taken for pictures; those of formats that are not read are among
    /// them, so that such a file is refused by name and not left out.
    static let endings: Set<String> = [
        "png", "jpg", "jpeg", "jpe", "jfif", "webp", "tif", "tiff", "gif", "bmp", "heic", "heif", "avif", "jp2", "jxl",
    ]
}

/// A picture of any format that is read.
public enum Picture {
    /// 8 bits a sample, turned as the picture's EXIF orientation says.
    /// - Parameter name: stands in errors; the file's path.
    public static func decode(_ bytes: [UInt8], name: String, limits: PictureLimits = PictureLimits())
        throws(DatasetError) -> RasterImage
    {
        switch PictureFormat(bytes) {
        case .png: return try PNG.decode(bytes, name: name, limits: limits)
        case .jpeg: return try JPEG.decode(bytes, name: name, limits: limits)
        case let format?: throw .unsupported(at: name, "a PNG or JPEG file expected, this is \(format.rawValue)")
        case nil where ContentKind(bytes) == .png:
            throw .damaged(
                at: name, "an intact PNG file expected: its signature was changed, as by a transfer in text mode")
        case nil:
            let kind = ContentKind(bytes).map { ": this is \($0.rawValue)" } ?? ""
            throw .damaged(
                at: name, "an intact PNG file expected, or JPEG\(kind.isEmpty ? ": neither signature is there" : kind)")
        }
    }
}

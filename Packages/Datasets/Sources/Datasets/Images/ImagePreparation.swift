/// How pictures become data.
public struct ImagePreparation: Sendable, Hashable {
    /// 1 grey, 3 RGB.
    public var channels: Int
    /// Pixels of the new height and width; nil leaves pictures as they are, and all must have one size.
    public var size: Size?
    /// How pictures of other sizes are brought to `size`.
    public var filter: ResizingFilter
    /// Dark ink on white becomes 1 on 0.
    public var isInverted: Bool

    /// Of a picture, in pixels.
    public struct Size: Sendable, Hashable {
        /// In pixels.
        public var height: Int, width: Int

        /// Extents in pixels.
        public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }
    }

    /// - Parameter side: of square images; nil leaves pictures as they are.
    public init(channels: Int = 3, side: Int? = nil, filter: ResizingFilter = .bilinear, isInverted: Bool = false) {
        self.channels = channels
        size = side.map { Size(height: $0, width: $0) }
        self.filter = filter
        self.isInverted = isInverted
    }

    /// The Omniglot protocol: grey, 28 x 28, ink is 1.
    public static let omniglot = ImagePreparation(channels: 1, side: 28, isInverted: true)

    /// What a cache of prepared images depends on besides its source.
    var fingerprint: String {
        let side = size.map { $0.height == $0.width ? "\($0.height)" : "\($0.height) x \($0.width)" } ?? "0"
        return "\(channels) channels, side \(side), \(filter.rawValue), inverted \(isInverted)"
    }

    func applied(to picture: RasterImage) -> (planes: [UInt8], height: Int, width: Int) {
        var image = picture.converted(toChannels: channels)
        if let size { image = image.resized(width: size.width, height: size.height, filter: filter) }
        if isInverted { image = image.inverted() }
        guard channels > 1 else { return (image.pixels, image.height, image.width) }
        let plane = image.height * image.width
        var planes = [UInt8](repeating: 0, count: plane * channels)
        for channel in 0..<channels {
            for i in 0..<plane { planes[channel * plane + i] = image.pixels[i * channels + channel] }
        }
        return (planes, image.height, image.width)
    }
}

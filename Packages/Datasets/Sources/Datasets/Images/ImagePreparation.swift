/// How pictures become data.
public struct ImagePreparation: Sendable, Hashable {
    /// 1 grey, 3 RGB.
    public var channels: Int
    /// Pixels of the new height and width; nil leaves pictures as they are, and all must have one size.
    public var side: Int?
    public var filter: ResizingFilter
    /// Dark ink on white becomes 1 on 0.
    public var isInverted: Bool

    public init(channels: Int = 3, side: Int? = nil, filter: ResizingFilter = .bilinear, isInverted: Bool = false) {
        self.channels = channels
        self.side = side
        self.filter = filter
        self.isInverted = isInverted
    }

    /// The Omniglot protocol: grey, 28 x 28, ink is 1.
    public static let omniglot = ImagePreparation(channels: 1, side: 28, isInverted: true)

    /// What a cache of prepared images depends on besides its source.
    var fingerprint: String { "\(channels) channels, side \(side ?? 0), \(filter.rawValue), inverted \(isInverted)" }

    func applied(to picture: RasterImage) -> (planes: [UInt8], height: Int, width: Int) {
        var image = picture.converted(toChannels: channels)
        if let side { image = image.resized(width: side, height: side, filter: filter) }
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

/// What a picture may ask for before decoding starts: a few bytes can claim many gigabytes.
public struct PictureLimits: Sendable {
    /// Pixels.
    public var maximumSide: Int
    /// Of the decoded picture.
    public var maximumBytes: Int

    /// Limits that a picture's header is held against before anything is unpacked.
    public init(maximumSide: Int = 16_384, maximumBytes: Int = 256 << 20) {
        self.maximumSide = maximumSide
        self.maximumBytes = maximumBytes
    }
}

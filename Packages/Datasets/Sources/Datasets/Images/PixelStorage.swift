/// The stored pixels, [count, channels, height, width]: in memory or in a mapped file.
struct PixelStorage: Sendable {
    enum Place: Sendable {
        case memory([UInt8])
        case file(MappedFile, offset: Int)
    }

    let count: Int, channels: Int, height: Int, width: Int
    let place: Place
    /// SHA-256 of the pixels.
    let hash: String

    var pixelsPerImage: Int { channels * height * width }

    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        switch place {
        case .memory(let pixels): pixels.withUnsafeBufferPointer(body)
        case .file(let file, let offset):
            file.withBytes(offset..<(offset + count * pixelsPerImage)) { body($0.bindMemory(to: UInt8.self)) }
        }
    }
}

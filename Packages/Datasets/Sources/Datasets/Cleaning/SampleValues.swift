/// Where the values of samples lie, one sample after the other.
enum SampleValues: Sendable {
    /// Planes of 8 bits, in memory or in a mapped file, that stand for numbers in [0, 1].
    case pixels(PixelStorage)
    /// Numbers as they are, with their SHA-256.
    case floats([Float], hash: String)

    /// With its hash.
    init(floats: [Float]) {
        var digest = SHA256()
        floats.withUnsafeBytes { digest.update($0) }
        self = .floats(floats, hash: digest.finalized())
    }

    /// - Parameter planes: [count, channels, height, width].
    init(planes: [UInt8], count: Int, channels: Int, height: Int, width: Int) {
        var digest = SHA256()
        digest.update(planes)
        self = .pixels(
            PixelStorage(
                count: count, channels: channels, height: height, width: width, place: .memory(planes),
                hash: digest.finalized()))
    }

    /// SHA-256 of the values as stored.
    var hash: String {
        switch self {
        case .pixels(let storage): storage.hash
        case .floats(_, let hash): hash
        }
    }

    /// The samples at `indices`, each of `size` values.
    func write(_ indices: [Int], size: Int, to buffer: UnsafeMutableBufferPointer<Float>) {
        guard let start = buffer.baseAddress else { return }
        switch self {
        case .pixels(let storage):
            storage.withBytes { bytes in
                for (i, index) in indices.enumerated() {
                    let source = bytes.baseAddress! + index * size, target = start + i * size
                    for j in 0..<size { target[j] = Float(source[j]) / 255 }
                }
            }
        case .floats(let floats, _):
            floats.withUnsafeBufferPointer { floats in
                for (i, index) in indices.enumerated() {
                    (start + i * size).update(from: floats.baseAddress! + index * size, count: size)
                }
            }
        }
    }
}

/// Images of one size with a class each.
public struct LabeledImages: Sendable {
    /// Of the data set, for messages.
    public let name: String
    /// How many pictures, their form, and how many classes.
    public let count: Int, channels: Int, height: Int, width: Int, classCount: Int
    /// count x channels x height x width, row-major, 0 … 255.
    public let pixels: [UInt8]
    /// count labels in 0 ..< classCount.
    public let labels: [Int32]
    /// SHA-256 of the pixels followed by the labels (one byte each), in hexadecimal: independent of how the files were
    /// compressed.
    public let hash: String

    /// What was found beside the data and is not used, a line each: for standard error and the report.
    public let remarks: [String]

    /// - Parameters:
    ///   - pixels: [count, channels, height, width], row-major.
    ///   - labels: of 0 ..< classCount.
    public init(
        name: String, channels: Int, height: Int, width: Int, classCount: Int, pixels: [UInt8], labels: [Int32],
        remarks: [String] = []
    ) throws(DatasetError) {
        guard pixels.count == labels.count * channels * height * width else {
            throw .inconsistent(
                at: name,
                "\(labels.count) labels need \(labels.count * channels * height * width) pixel "
                    + "bytes, got \(pixels.count)"
            )
        }
        if let i = labels.firstIndex(where: { $0 < 0 || $0 >= classCount }) {
            throw .damaged(at: name, "labels 0 … \(classCount - 1) expected, got \(labels[i]) at index \(i)")
        }
        self.name = name
        count = labels.count
        self.channels = channels
        self.height = height
        self.width = width
        self.classCount = classCount
        self.pixels = pixels
        self.labels = labels
        self.remarks = remarks
        var digest = SHA256()
        digest.update(pixels)
        digest.update(labels.map { UInt8(truncatingIfNeeded: $0) })
        hash = digest.finalized()
    }

    /// channels · height · width.
    public var pixelsPerImage: Int { channels * height * width }

    /// The images at `indices`, [indices.count, channels·height·width], scaled to [0, 1].
    public func floats(of indices: [Int]) -> [Float] {
        let size = pixelsPerImage
        return [Float](unsafeUninitializedCapacity: indices.count * size) { buffer, initialized in
            for (i, index) in indices.enumerated() {
                for j in 0..<size { buffer[i * size + j] = Float(pixels[index * size + j]) / 255 }
            }
            initialized = indices.count * size
        }
    }

    /// The labels of some samples, in the order of `indices`.
    public func labels(of indices: [Int]) -> [Int32] { indices.map { labels[$0] } }

    /// The bytes of one image, channels x height x width.
    public func image(_ index: Int) -> [UInt8] {
        Array(pixels[(index * pixelsPerImage)..<((index + 1) * pixelsPerImage)])
    }
}

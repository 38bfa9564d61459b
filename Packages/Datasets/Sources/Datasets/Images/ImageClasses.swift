/// Decoded images of one size, grouped in classes: what episodes are drawn from.
///
/// A value of this type is a list of classes over shared pixels, so choosing the classes of a split or adding rotations
/// copies no image. An image is named by an index that stays the same whatever classes are chosen.
public struct ImageClasses: Sendable {
    /// A class: a run of stored images, turned counterclockwise by so many quarters.
    struct Member: Sendable {
        let name: String
        let images: Range<Int>
        var quarterTurns = 0
    }

    /// Of the data, for messages and the hash.
    public let name: String
    /// Of every picture.
    public let channels: Int, height: Int, width: Int
    let storage: PixelStorage
    let members: [Member]
    /// SHA-256 over sizes, class names, class sizes, turns and all stored pixels.
    public let hash: String

    init(name: String, storage: PixelStorage, members: [Member]) {
        self.name = name
        (channels, height, width) = (storage.channels, storage.height, storage.width)
        self.storage = storage
        self.members = members
        var digest = SHA256()
        digest.update(Array("\(channels) \(height) \(width) \(storage.hash)".utf8))
        for member in members {
            digest.update(Array("\0\(member.name)\0\(member.images.count) \(member.quarterTurns)".utf8))
        }
        hash = digest.finalized()
    }

    /// How many classes there are.
    public var classCount: Int { members.count }
    /// Pictures of all classes.
    public var imageCount: Int { members.reduce(0) { $0 + $1.images.count } }
    /// channels · height · width.
    public var pixelsPerImage: Int { storage.pixelsPerImage }

    /// As its folder or file calls it.
    public func className(_ index: Int) -> String {
        members[index].name
            + (members[index].quarterTurns == 0 ? "" : " turned by \(90 * members[index].quarterTurns)°")
    }

    /// The indices of a class's images.
    public func images(ofClass index: Int) -> Range<Int> {
        let member = members[index], offset = member.quarterTurns * storage.count
        return (member.images.lowerBound + offset)..<(member.images.upperBound + offset)
    }

    /// Every class four times: as it is and turned by 90, 180 and 270 degrees (Santoro et al. 2016).
    public func withRotations(file: StaticString = #fileID, line: UInt = #line) -> ImageClasses {
        require(
            height == width, "ImageClasses.withRotations: square images expected, got \(height) x \(width)", file: file,
            line: line)
        return ImageClasses(
            name: name, storage: storage,
            members: (0..<4).flatMap { turns in
                members.map { Member(name: $0.name, images: $0.images, quarterTurns: ($0.quarterTurns + turns) % 4) }
            })
    }

    /// Some of the classes, in the order given.
    public func selecting(_ classes: [Int], name: String? = nil) -> ImageClasses {
        ImageClasses(name: name ?? self.name, storage: storage, members: classes.map { members[$0] })
    }

    /// The images at `indices`, [indices.count, channels, height, width], scaled to [0, 1].
    public func floats(of indices: [Int]) -> [Float] {
        [Float](unsafeUninitializedCapacity: indices.count * pixelsPerImage) { buffer, initialized in
            write(indices, to: buffer)
            initialized = indices.count * pixelsPerImage
        }
    }

    /// The same into memory that exists: a training loop need not allocate.
    public func write(
        _ indices: [Int], to buffer: UnsafeMutableBufferPointer<Float>, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        require(
            buffer.count >= indices.count * pixelsPerImage,
            "ImageClasses.write: room for \(indices.count * pixelsPerImage) numbers expected, got \(buffer.count)",
            file: file,
            line: line)
        let size = pixelsPerImage
        storage.withBytes { bytes in
            for (i, index) in indices.enumerated() {
                let (turns, position) = index.quotientAndRemainder(dividingBy: storage.count)
                let source = bytes.baseAddress! + position * size, target = buffer.baseAddress! + i * size
                if turns == 0 {
                    for j in 0..<size { target[j] = Float(source[j]) / 255 }
                } else {
                    for j in 0..<size { target[j] = Float(source[turned(j, by: turns)]) / 255 }
                }
            }
        }
    }

    /// One image as a picture, for reports.
    public func picture(_ index: Int) -> RasterImage {
        let (turns, position) = index.quotientAndRemainder(dividingBy: storage.count)
        let plane = height * width
        let pixels = storage.withBytes { bytes in
            (0..<pixelsPerImage).map { j in
                bytes[position * pixelsPerImage + turned(j % channels * plane + j / channels, by: turns)]
            }
        }
        return RasterImage(width: width, height: height, channels: channels, pixels: pixels)
    }

    /// Where the sample at place `j` [channel, y, x] of a turned image comes from.
    private func turned(_ j: Int, by turns: Int) -> Int {
        let (channel, pixel) = j.quotientAndRemainder(dividingBy: height * width),
            (y, x) = pixel.quotientAndRemainder(dividingBy: width)
        let last = width - 1
        let (fromY, fromX) =
            switch turns {
            case 1: (x, last - y)
            case 2: (last - y, last - x)
            case 3: (last - x, y)
            default: (y, x)
            }
        return channel * height * width + fromY * width + fromX
    }
}

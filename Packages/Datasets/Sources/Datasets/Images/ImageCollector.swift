import Foundation

/// Takes decoded images one by one, checks that they have one size, and keeps them in memory or writes them on.
struct ImageCollector {
    let name: String
    let file: UnsafeMutablePointer<FILE>?
    private(set) var pixels: [UInt8] = []
    private(set) var classes: [(name: String, count: Int)] = []
    private(set) var digest = SHA256()
    private var first: (shape: [Int], source: String)?

    init(name: String, file: UnsafeMutablePointer<FILE>?) {
        self.name = name
        self.file = file
    }

    mutating func beginClass(_ name: String) { classes.append((name, 0)) }

    /// - Parameter planes: [channels, height, width].
    mutating func append(_ planes: [UInt8], channels: Int, height: Int, width: Int, source: String) throws(DatasetError)
    {
        if let first {
            guard first.shape == [channels, height, width] else {
                throw .inconsistent(
                    at: source,
                    "an image of \(first.shape[2]) x \(first.shape[1]) pixels expected as in \(first.source), "
                        + "got \(width) x \(height); few-shot's --side gives all one size")
            }
        } else {
            first = ([channels, height, width], source)
        }
        classes[classes.count - 1].count += 1
        digest.update(planes)
        if let file {
            guard fwrite(planes, 1, planes.count, file) == planes.count else {
                throw .unwritable(at: name, "room for the image cache expected, writing failed")
            }
        } else {
            pixels += planes
        }
    }

    func shape() throws(DatasetError) -> (channels: Int, height: Int, width: Int) {
        guard let first else { throw .missing(at: name, "at least one image expected, there is none") }
        return (first.shape[0], first.shape[1], first.shape[2])
    }

    consuming func finished() throws(DatasetError) -> ImageClasses {
        let shape = try shape()
        var start = 0
        let members = classes.map { entry in
            defer { start += entry.count }
            return ImageClasses.Member(name: entry.name, images: start..<(start + entry.count))
        }
        let storage = PixelStorage(
            count: start, channels: shape.channels, height: shape.height, width: shape.width, place: .memory(pixels),
            hash: digest.finalized())
        return ImageClasses(name: name, storage: storage, members: members)
    }
}

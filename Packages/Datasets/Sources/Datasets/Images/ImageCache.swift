import Foundation

/// Decoded images on disk, so that only the first start decodes them: later ones map the file and read nothing until
/// asked.
///
/// A file holds the pixels, then a description in JSON, its length in eight bytes and a signature; it belongs to one
/// source, whose fingerprint is part of its name and of the description. It is written under another name and then
/// renamed, so a half-written one is never found. A file that does not fit is replaced.
public struct ImageCache: Sendable {
    /// Where the files lie; nil keeps the images in memory and writes nothing.
    public let directory: String?

    /// - Parameter directory: of the cache's files, made when one is written; nil keeps pictures in memory.
    public init(directory: String?) { self.directory = directory }

    private struct Description: Codable {
        struct Class: Codable { let name: String, count: Int }
        let fingerprint: String, hash: String
        let channels: Int, height: Int, width: Int
        let classes: [Class]
    }

    private static let signature = Array("IMAGES01".utf8)

    /// The images of a source, from its cache or else by decoding it.
    /// - Parameters:
    ///   - fingerprint: a SHA-256 that changes with the source and with how its images are prepared.
    ///   - decode: appends every image, class after class.
    func images(name: String, fingerprint: String, decode: (inout ImageCollector) throws(DatasetError) -> Void)
        throws(DatasetError) -> ImageClasses
    {
        guard let directory else {
            var collector = ImageCollector(name: name, file: nil)
            try decode(&collector)
            return try collector.finished()
        }
        let path = "\(directory)/\(name)-\(fingerprint.prefix(16)).images"
        if let images = Self.read(path, name: name, fingerprint: fingerprint) { return images }

        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let temporary = "\(path).\(ProcessInfo.processInfo.processIdentifier).partial"
        guard let file = fopen(temporary, "wb") else {
            throw .unwritable(at: directory, "a folder to write the image cache to expected, it is not writable")
        }
        var isOpen = true
        defer {
            if isOpen { fclose(file) }
            unlink(temporary)
        }
        var collector = ImageCollector(name: name, file: file)
        try decode(&collector)
        let shape = try collector.shape()
        let description = Description(
            fingerprint: fingerprint, hash: collector.digest.finalized(), channels: shape.channels,
            height: shape.height, width: shape.width,
            classes: collector.classes.map { .init(name: $0.name, count: $0.count) })
        guard var trailer = (try? JSONEncoder().encode(description)).map(Array.init) else {
            throw .unwritable(at: path, "the description cannot be encoded")
        }
        let length = trailer.count
        for shift in stride(from: 0, to: 64, by: 8) { trailer.append(UInt8(truncatingIfNeeded: length >> shift)) }
        trailer += Self.signature
        isOpen = false
        guard fwrite(trailer, 1, trailer.count, file) == trailer.count, fclose(file) == 0, rename(temporary, path) == 0,
            let images = Self.read(path, name: name, fingerprint: fingerprint)
        else { throw .unwritable(at: path, "room for the image cache expected, writing failed") }
        return images
    }

    /// The images of a cache file; nil if it is absent, damaged, or of another source.
    private static func read(_ path: String, name: String, fingerprint: String) -> ImageClasses? {
        guard let file = try? MappedFile(path: path), file.count >= 16,
            file[(file.count - 8)..<file.count] == signature,
            let length = file.integer(at: file.count - 16, width: 8), length <= file.count - 16,
            let description = try? JSONDecoder().decode(
                Description.self, from: Data(file[(file.count - 16 - length)..<(file.count - 16)])),
            // The ranges keep the products below from overflowing, whatever a damaged file says.
            description.fingerprint == fingerprint, 1...4 ~= description.channels, 1...65_535 ~= description.height,
            1...65_535 ~= description.width,
            description.classes.allSatisfy({ 0...1 << 28 ~= $0.count })
        else { return nil }
        let count = description.classes.reduce(0) { $0 + $1.count }
        guard count <= 1 << 28,
            count * description.channels * description.height * description.width == file.count - 16 - length
        else { return nil }
        var start = 0
        let members = description.classes.map { entry in
            defer { start += entry.count }
            return ImageClasses.Member(name: entry.name, images: start..<(start + entry.count))
        }
        let storage = PixelStorage(
            count: count, channels: description.channels, height: description.height, width: description.width,
            place: .file(file, offset: 0), hash: description.hash)
        return ImageClasses(name: name, storage: storage, members: members)
    }
}

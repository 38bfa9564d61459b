import Foundation

/// Episodes fixed once, so that methods are compared on the same tasks; the hash goes into reports.
public struct EpisodeList: Sendable, Hashable {
    /// Classes of an episode, its labelled and its other pictures of each class.
    public let ways: Int, shots: Int, queries: Int
    /// Hash of the images (`ImageClasses.hash`) whose indices the episodes hold.
    public let imagesHash: String
    /// In the order of their numbers.
    public let episodes: [Episode]
    /// SHA-256 over all of the above.
    public let hash: String

    /// Episodes 0 ..< count of a sampler.
    public init(_ sampler: EpisodeSampler, of images: ImageClasses, count: Int) {
        self.init(
            ways: sampler.ways, shots: sampler.shots, queries: sampler.queries, imagesHash: images.hash,
            episodes: (0..<count).map(sampler.episode))
    }

    private init(ways: Int, shots: Int, queries: Int, imagesHash: String, episodes: [Episode]) {
        self.ways = ways
        self.shots = shots
        self.queries = queries
        self.imagesHash = imagesHash
        self.episodes = episodes
        var digest = SHA256()
        digest.update(Array("\(ways) \(shots) \(queries) \(imagesHash)".utf8))
        for episode in episodes { digest.update(Array("\n\(Self.line(episode))".utf8)) }
        hash = digest.finalized()
    }

    private static func line(_ episode: Episode) -> String {
        (episode.support + episode.query).map(String.init).joined(separator: " ")
    }

    // MARK: Files

    private static let title = "episodes 1"

    /// A text file: a line of sizes and hashes, then a line an episode: the support's image indices, then the query's.
    public func write(to path: String) throws(DatasetError) {
        let header = "\(Self.title) ways \(ways) shots \(shots) queries \(queries) images \(imagesHash) hash \(hash)"
        let text = ([header] + episodes.map(Self.line)).joined(separator: "\n") + "\n"
        do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch {
            throw .unwritable(at: path, "a writable file expected for the episodes")
        }
    }

    /// Reads a list and checks it: its hash, and that it was drawn from these images.
    public init(path: String, of images: ImageClasses) throws(DatasetError) {
        let lines = String(decoding: try MappedFile.contents(of: path), as: UTF8.self).split(separator: "\n")
        let fields = (lines.first ?? "").split(separator: " ")
        guard fields.count == 12, fields[0..<2].joined(separator: " ") == Self.title, let ways = Int(fields[3]),
            let shots = Int(fields[5]), let queries = Int(fields[7]),
            1...100_000 ~= ways, 1...100_000 ~= shots, 1...100_000 ~= queries
        else { throw .damaged(at: path, "an episode list, beginning with \"\(Self.title) ways …\", expected") }
        guard fields[9] == images.hash else {
            throw .inconsistent(
                at: path,
                "episodes of \(images.name) (images \(images.hash.prefix(12))…) expected, they were "
                    + "drawn from \(fields[9].prefix(12))…"
            )
        }
        var episodes: [Episode] = []
        func labels(_ perClass: Int) -> [Int32] { (0..<ways * perClass).map { Int32($0 / perClass) } }
        let supportLabels = labels(shots), queryLabels = labels(queries)
        for (row, line) in lines.dropFirst().enumerated() {
            let indices = line.split(separator: " ").compactMap { Int($0) }
            guard indices.count == ways * (shots + queries) else {
                throw .damaged(
                    at: "\(path), line \(row + 2)",
                    "\(ways * (shots + queries)) image indices expected, got \(indices.count)"
                )
            }
            episodes.append(
                Episode(
                    support: Array(indices[..<(ways * shots)]), supportLabels: supportLabels,
                    query: Array(indices[(ways * shots)...]), queryLabels: queryLabels))
        }
        self.init(ways: ways, shots: shots, queries: queries, imagesHash: images.hash, episodes: episodes)
        guard hash == fields[11] else {
            throw .inconsistent(
                at: path,
                "episodes with the hash \(fields[11].prefix(12))… expected, they have "
                    + "\(hash.prefix(12))…: the list was changed"
            )
        }
    }
}

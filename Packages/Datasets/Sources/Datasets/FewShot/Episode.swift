import Randomness

/// One few-shot task: N classes with M labelled images each, and further images of these classes to be told apart.
public struct Episode: Sendable, Hashable, Codable {
    /// Image indices, class after class: ways · shots of them.
    public let support: [Int]
    /// 0 ..< ways, as drawn for this episode: a class has no label of its own.
    public let supportLabels: [Int32]
    /// Image indices, class after class: ways · queries of them, none in the support; of a class that has fewer they
    /// come again.
    public let query: [Int]
    /// 0 ..< ways, as `supportLabels`.
    public let queryLabels: [Int32]
}

/// Draws N-way M-shot episodes: classes without replacement, then images of each without replacement.
///
/// Episode `n` is a function of the seed and `n` alone, so training resumes anywhere and workers draw in any order.
///
/// Where it is asked for, classes of too few pictures are used as far as they go: what an episode asks of them is asked
/// again, in turn, so that all classes weigh the same.
public struct EpisodeSampler: Sendable {
    /// Classes of an episode, its labelled and its other pictures of each class, and what decides the draws.
    public let ways: Int, shots: Int, queries: Int, seed: UInt64
    /// Classes of fewer than shots + queries pictures.
    public let shortClassCount: Int
    private let classes: [Range<Int>]

    /// - Parameter repeatsQueries: whether a class may have fewer than shots + queries pictures; it has at least one
    ///   more than shots.
    /// - Throws: `DatasetError` where classes or pictures do not suffice.
    public init(
        _ images: ImageClasses, ways: Int, shots: Int, queries: Int = 15, seed: UInt64, repeatsQueries: Bool = false
    ) throws(DatasetError) {
        guard ways >= 2, shots >= 1, queries >= 1 else {
            throw .impossible(
                at: "episodes", "at least 2 ways, 1 shot and 1 query expected, got \(ways), \(shots) and \(queries)")
        }
        guard ways <= images.classCount else {
            throw .impossible(
                at: images.name, "at least \(ways) classes expected for \(ways) ways, there are \(images.classCount)")
        }
        classes = (0..<images.classCount).map(images.images(ofClass:))
        shortClassCount = classes.count { $0.count < shots + queries }
        let asked = repeatsQueries ? 1 : queries
        if let index = classes.firstIndex(where: { $0.count < shots + asked }) {
            let short = classes.count { $0.count < shots + asked }
            throw .inconsistent(
                at: images.name,
                "\(shots) + \(asked) = \(shots + asked) images in every class expected, "
                    + "\(images.className(index)) has \(classes[index].count)"
                    + (short > 1 ? " (and \(short - 1) more classes have too few)" : ""))
        }
        self.ways = ways
        self.shots = shots
        self.queries = queries
        self.seed = seed
    }

    /// The episode with a number: the same one whenever it is asked for.
    public func episode(_ number: Int) -> Episode {
        var random = RandomGenerator(seed: seed, stream: .episode(number))
        var support: [Int] = [], query: [Int] = []
        support.reserveCapacity(ways * shots)
        query.reserveCapacity(ways * queries)
        for index in random.permutation(of: classes.count, first: ways) {
            let start = classes[index].lowerBound
            let drawn = random.permutation(
                of: classes[index].count, first: min(shots + queries, classes[index].count))
            let asked = drawn[shots...]
            support += drawn[..<shots].map { start + $0 }
            query += (0..<queries).map { start + asked[shots + $0 % asked.count] }
        }
        func labels(_ perClass: Int) -> [Int32] { (0..<ways * perClass).map { Int32($0 / perClass) } }
        return Episode(support: support, supportLabels: labels(shots), query: query, queryLabels: labels(queries))
    }
}

extension RandomStream {
    /// A stream for each episode. Its number is the episode's, so the first episodes share theirs with other streams of
    /// the same seed (a split's, a network's): what is drawn there has nothing to do with an episode's images.
    public static func episode(_ number: Int) -> RandomStream {
        RandomStream("episode \(number)", number: UInt64(bitPattern: Int64(number)))
    }
}

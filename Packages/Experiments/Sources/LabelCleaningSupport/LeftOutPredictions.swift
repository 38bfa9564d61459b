/// What networks say of samples that they were not taught, each over the second half of its epochs.
///
/// A network comes to believe labels that it is taught; of these it has only what it learned from others.
package struct LeftOutPredictions: Sendable {
    /// Places among the samples, and their labels; a sample is there once for each network that left it out.
    package private(set) var places: [Int] = []
    package private(set) var labels: [Int32] = []
    package private(set) var probabilities: ClassProbabilities

    package init(classCount: Int) {
        probabilities = ClassProbabilities(classCount: classCount, values: [])
    }

    /// - Parameters:
    ///   - places: of the samples that a network left out.
    ///   - values: what it says of them, [places.count, classes].
    ///   - labels: of all samples.
    package mutating func add(_ places: [Int], _ values: some Sequence<Float>, labels: [Int32]) {
        self.places += places
        self.labels += places.map { labels[$0] }
        probabilities.values += values
    }

    package var count: Int { places.count }

    /// How many labels are not the likeliest class.
    package var contradictedCount: Int {
        labels.indices.count { probabilities.likeliest(of: $0) != Int(labels[$0]) }
    }
}

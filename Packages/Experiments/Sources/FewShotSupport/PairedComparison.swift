import Randomness
import Reporting
import RunSupport
import Tensors

/// Two methods on the same episodes: the mean difference and its 95% bootstrap interval (Efron 1979), by resampling
/// episodes.
package struct PairedComparison: Sendable {
    package let meanDifference: Double
    package let interval: ClosedRange<Double>

    /// - Parameters:
    ///   - first, second: accuracies, episode by episode.
    ///   - resamples: how many sets of episodes are drawn with replacement.
    package init(
        _ first: [Double], _ second: [Double], resamples: Int = 10_000, seed: UInt64 = 0,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            first.count == second.count && !first.isEmpty,
            "paired comparison: \(first.count) and \(second.count) episodes", file: file, line: line)
        let differences = zip(first, second).map { $0 - $1 }, n = differences.count
        var random = RandomGenerator(seed: seed, stream: .bootstrap)
        let means = (0..<resamples).map { _ in
            (0..<n).reduce(0) { sum, _ in sum + differences[random.integer(below: n)] } / Double(n)
        }.sorted()
        meanDifference = Samples(differences).mean
        interval = means[Int(0.025 * Double(resamples))]...means[Int(0.975 * Double(resamples))]
    }
}

extension RandomStream {
    fileprivate static let bootstrap = RandomStream("bootstrap", number: 9)
}

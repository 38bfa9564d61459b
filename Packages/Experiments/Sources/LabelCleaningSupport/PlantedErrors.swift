import BilevelOptimization
import Datasets
import Randomness
import RunSupport
import Tensors

/// Errors planted in labels that are right, to see how well they are found.
package struct PlantedErrors: Sendable {
    /// The same samples with errors among their labels.
    package let samples: LabeledSamples
    package let isWrong: [Bool]

    /// - Parameters:
    ///   - trusted: samples whose labels stay as they are.
    ///   - configuration: its seed and threads.
    package init(
        _ kind: LabelNoiseKind, rate: Double, in samples: LabeledSamples, but trusted: TrustedLabels?,
        _ configuration: CleaningConfiguration
    ) throws {
        let kept = Set(trusted?.indices ?? [])
        let places = samples.labels.indices.filter { !kept.contains($0) }
        var random = RandomGenerator(seed: configuration.seed, stream: .plantedErrors)
        let probabilities =
            kind == .uniform ? [] : PlantedErrors.weakModel(of: samples, places, &random, configuration.threads)
        let noise = try LabelNoise(
            kind, of: places.map { samples.labels[$0] }, classCount: samples.classCount, rate: rate,
            probabilities: probabilities, using: &random)
        var labels = samples.labels, isWrong = [Bool](repeating: false, count: labels.count)
        for (i, place) in places.enumerated() { (labels[place], isWrong[place]) = (noise.labels[i], noise.isWrong[i]) }
        self.samples = samples.with(labels: labels)
        self.isWrong = isWrong
    }

    /// What softmax regression on at most 2,000 of the samples says of all that are at `places`.
    private static func weakModel(
        of samples: LabeledSamples, _ places: [Int], _ random: inout RandomGenerator, _ threads: Int
    ) -> [Float] {
        var settings = CleaningConfiguration()
        (settings.network, settings.upperVariable, settings.seed) = (.linear, .none, random.next())
        let chosen = random.permutation(of: places.count, first: min(2000, places.count)).map { places[$0] }
        let member = Member(0, CleaningData(samples: samples, given: chosen), settings)
        let pool = ThreadPool(threadCount: threads)
        var weights = [Float](repeating: 0, count: chosen.count)
        for _ in 0..<10 { _ = member.pass(NoiseTransition(identityOf: samples.classCount), &weights, nil, pool) }
        let entries = places.map { CleaningData.Entry(source: .samples, index: $0, label: samples.labels[$0]) }
        return member.probabilities(of: entries, pool).values
    }
}

extension RandomStream {
    fileprivate static let plantedErrors = RandomStream("planted errors", number: 21)
}

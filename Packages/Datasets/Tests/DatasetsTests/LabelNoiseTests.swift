import Datasets
import Randomness
import Testing

@Suite struct LabelNoiseTests {
    /// Class 0's samples are taken for 2 on average, the first of them alone for 1; classes 1 and 2 for each other.
    static let labels: [Int32] = [0, 0, 0, 1, 1, 2, 2]
    static let probabilities: [Float] = [
        0.5, 0.3, 0.2, 0.5, 0.1, 0.4, 0.5, 0.1, 0.4, 0.1, 0.7, 0.2, 0.2, 0.5, 0.3, 0.1, 0.6, 0.3, 0.0, 0.2, 0.8,
    ]

    func noise(_ kind: LabelNoiseKind, rate: Double, seed: UInt64 = 0) throws -> LabelNoise {
        var random = RandomGenerator(seed: seed, stream: .labelNoise)
        return try LabelNoise(
            kind, of: Self.labels, classCount: 3, rate: rate, probabilities: Self.probabilities, using: &random)
    }

    @Test("exactly round(rate · n) labels are wrong, and these are the marked ones", arguments: LabelNoiseKind.allCases)
    func counts(kind: LabelNoiseKind) throws {
        for (rate, count) in [(0, 0), (0.2, 1), (0.4, 3), (1, 7)] {
            let noise = try noise(kind, rate: rate)
            #expect(noise.isWrong.count { $0 } == count)
            #expect(zip(noise.labels, Self.labels).map { $0 != $1 } == noise.isWrong)
            #expect(noise.labels.allSatisfy { 0..<3 ~= $0 })
        }
    }

    @Test("pair noise turns a class into its likeliest confusion, confusable noise a sample into its own")
    func model() throws {
        #expect(try noise(.pair, rate: 1).labels == [2, 2, 2, 2, 2, 1, 1])
        #expect(try noise(.confusable, rate: 1).labels == [1, 2, 2, 2, 2, 1, 1])
    }

    @Test("uniform noise draws every other class, and other seeds choose other samples")
    func uniform() throws {
        let labels = [Int32](repeating: 1, count: 300)
        var random = RandomGenerator(seed: 3, stream: .labelNoise)
        let noise = try LabelNoise(.uniform, of: labels, classCount: 4, rate: 1, using: &random)
        // 100 each are expected; 60 is five standard deviations of a binomial draw away.
        for other in [Int32(0), 2, 3] { #expect(noise.labels.count { $0 == other } > 60) }
        #expect(
            try (0..<8).map { try self.noise(.pair, rate: 0.4, seed: $0).isWrong }.contains { seed in
                try seed != self.noise(.pair, rate: 0.4, seed: 0).isWrong
            })
    }

    @Test("two classes have one confusion each, whatever the model says")
    func twoClasses() throws {
        var random = RandomGenerator(seed: 0, stream: .labelNoise)
        let noise = try LabelNoise(
            .confusable, of: [0, 1], classCount: 2, rate: 1, probabilities: [1, 0, 0, 1], using: &random)
        #expect(noise.labels == [1, 0])
    }

    @Test("rates beyond [0, 1] and a single class are errors")
    func complaints() {
        var random = RandomGenerator(seed: 0, stream: .labelNoise)
        #expect(
            complaint { _ = try LabelNoise(.uniform, of: [0], classCount: 2, rate: 1.5, using: &random) }
                == "label noise: a rate in [0, 1] expected, got 1.5")
        #expect(
            complaint { _ = try LabelNoise(.uniform, of: [0], classCount: 1, rate: 0.5, using: &random) }
                == "label noise: at least 2 classes expected, got 1")
    }
}

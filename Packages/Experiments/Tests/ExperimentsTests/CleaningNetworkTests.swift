import Datasets
import LabelCleaningSupport
import NeuralLayers
import Randomness
import Tensors
import Testing

@Suite struct CleaningNetworkTests {
    static func network(seed: UInt64) -> (CleaningNetwork, images: Tensor) {
        var random = RandomGenerator(seed: seed)
        let network = CleaningNetwork(
            for: .init(channels: 2, height: 9, width: 8), widths: [6, 3], using: &random)
        let images = Tensor((0..<(10 * 144)).map { _ in Float(random.uniform()) }, shape: [10, 144])
        return (network, images)
    }

    /// A network that hardly moves: what it remembers of 100 steps is all of one batch but 0.9^100.
    @Test func runningStatisticsComeToThoseOfTheBatches() {
        let (network, images) = Self.network(seed: 1)
        let step = BilevelStep(
            network, kind: .none, sizes: .init(batch: 10, trusted: 0, upper: 0), rule: .adam(rate: 1e-9),
            weightDecay: 0, upperRate: 1, trustedWeight: 1)
        step.given.assign([images, Tensor((0..<10).map { Int32($0 % 3) })])
        step.dropout.assign([Tensor.ones([10, 6]).evaluated()])
        for _ in 0..<100 { _ = step(on: ThreadPool(threadCount: 1)) }
        let trained = TrainedNetwork(network).with(step.network.tensors)
        let (found, expected): ([Double], [Double]) = (trained(images).scalars, network(images).scalars)
        for (f, e) in zip(found, expected) { #expect(abs(f - e) < 1e-3) }
        let untrained: [Double] = TrainedNetwork(network)(images).scalars
        #expect(zip(untrained, expected).contains { abs($0 - $1) > 0.01 })
    }

    /// Single pictures go through other kernels than ten: not to the bit.
    @Test func aTrainedNetworkLooksAtEachPictureAlone() {
        let (network, images) = Self.network(seed: 2), trained = TrainedNetwork(network)
        let together: [Double] = trained(images).scalars
        for i in 0..<10 {
            let alone: [Double] = trained(images.gatheredRows(at: Tensor([Int32(i)]))).scalars
            for k in 0..<3 { #expect(abs(alone[k] - together[i * 3 + k]) < 1e-5) }
        }
    }

    /// Planes of 12 x 12 with a bright quarter, which is the class; a fifth are called by another's name.
    static func run(_ configuration: CleaningConfiguration) throws -> CleaningRun {
        var random = RandomGenerator(seed: 5)
        let truth = (0..<400).map { Int32($0 % 4) }
        let floats = truth.flatMap { k in
            (0..<144).map { place in
                let quarter = Int32(place / 72 * 2 + place % 12 / 6)
                return Float(0.7 * random.uniform() + (quarter == k ? 0.3 : 0))
            }
        }
        let noise = try LabelNoise(.uniform, of: truth, classCount: 4, rate: 0.2, using: &random)
        let samples = LabeledSamples(
            form: .pictures(channels: 1, height: 12, width: 12), names: (0..<400).map { "picture \($0)" },
            labels: noise.labels, classNames: ["a", "b", "c", "d"], floats: floats)
        return try CleaningRun(
            configuration, CleaningData(samples: samples, input: configuration.input),
            output: CleaningOutput(
                data: "pictures", correction: .replace, isWrong: zip(noise.labels, truth).map { $0 != $1 },
                correctedLabels: { _ in [] }))
    }

    static var configuration: CleaningConfiguration {
        var result = CleaningConfiguration()
        (result.network, result.input, result.epochs, result.hidden) = (.convolution, .pixels, 6, 20)
        return result
    }

    @Test(arguments: [UpperVariable.transition, .weights, .none])
    func convolutionsFindPlantedErrors(_ kind: UpperVariable) throws {
        var configuration = Self.configuration
        configuration.upperVariable = kind
        let metrics = try #require(try CleaningRunTests.finished(try Self.run(configuration)).metrics)
        #expect(metrics.averagePrecision > 0.95, "\(kind)")
    }

    @Test func aRunOfConvolutionsThatGoesOnEndsInTheSameBits() throws {
        let whole = try CleaningRunTests.finished(try Self.run(Self.configuration)).verdicts?.verdicts.map(\.score)
        let begun = try Self.run(Self.configuration)
        for _ in 0..<4 { _ = try begun.step() }
        var configuration = Self.configuration
        configuration.threads = 2
        let resumed = try Self.run(configuration)
        try resumed.restore(begun.checkpoint, iteration: 4, rows: [], file: "checkpoint")
        #expect(try CleaningRunTests.finished(resumed).verdicts?.verdicts.map(\.score) == whole)
    }

    @Test func featuresAreNoPixels() throws {
        #expect(throws: CleaningError.noPixels) { try Clouds().run(Self.configuration) }
    }
}

import BilevelOptimization
import Datasets
import NeuralLayers
import Randomness
import RunSupport
import Tensors

/// One network of the ensemble on its way: which samples it leaves out, its batches, its predictions.
final class Member {
    /// Places among the given and the trusted samples that it is not taught.
    let leftOut: [Int], leftOutTrusted: [Int]
    private let data: CleaningData
    private let kind: UpperVariable
    private let step: BilevelStep
    private let taught: [Int], lowerTrusted: [CleaningData.Entry], upperTrusted: [CleaningData.Entry]
    private let predict: Replay, images: Point, predicted: Point
    private var random: RandomGenerator
    private let dropout: Double

    private static let chunk = 500

    /// - Parameter isPlain: whether it is taught the labels as they are, whatever the configuration says.
    init(_ number: Int, _ data: CleaningData, _ configuration: CleaningConfiguration, isPlain: Bool = false) {
        self.data = data
        kind = isPlain ? .none : configuration.upperVariable
        dropout = configuration.dropout
        (leftOut, leftOutTrusted) = Member.leftOut(number, data, seed: configuration.seed)
        let out = Set(leftOut), outTrusted = Set(leftOutTrusted)
        taught = data.given.indices.filter { !out.contains($0) }
        let known = data.trusted.indices.filter { !outTrusted.contains($0) }.map { data.trusted[$0] }
        let needsUpper = kind.measuresF
        // What F is measured on is not what y descends on.
        // Without trusted samples it is measured on given ones that are left out: their wrong labels agree with no
        // sample's gradient.
        let half = known.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        upperTrusted = !needsUpper ? [] : known.isEmpty ? leftOut.map { data.given[$0] } : half
        lowerTrusted = !needsUpper ? known : known.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        random = RandomGenerator(seed: configuration.seed, stream: .member(number))
        let network = CleaningNetwork(configuration, data, using: &random), classes = data.classCount
        let batch = min(CleaningConfiguration.batchSize(of: data.given.count), taught.count)
        step = BilevelStep(
            network, kind: kind,
            sizes: .init(
                batch: batch, trusted: min(lowerTrusted.count, max(1, batch / 2)),
                upper: min(upperTrusted.count, max(1, batch / 2))),
            rule: configuration.rule, weightDecay: configuration.weightDecay,
            upperRate: configuration.upperRate ?? kind.standardRate,
            trustedWeight: configuration.trustedWeight(of: data),
            function: kind == .weightFunction ? WeightFunction(classes: classes, using: &random) : nil,
            direction: configuration.hypergradient, lastSteps: configuration.lastSteps ?? 5)
        predict = Replay(
            CompiledFunction(of: TrainedNetwork(network), Tensor.zeros([Member.chunk, network.inputs])) {
                network, images in network(images).softmax()
            })
        images = Point(predict.function.arguments[1])
        predicted = Point(predict.function.results[0])
    }

    /// A tenth of the given and a fifth of the trusted samples, others for each of ten (of five) members.
    static func leftOut(_ number: Int, _ data: CleaningData, seed: UInt64) -> (given: [Int], trusted: [Int]) {
        var random = RandomGenerator(seed: seed, stream: .leftOut)
        func part(of count: Int, _ parts: Int) -> [Int] {
            random.permutation(of: count).enumerated().filter { $0.offset % parts == number % parts }
                .map(\.element).sorted()
        }
        let given = part(of: data.given.count, 10)
        return (given, part(of: data.trusted.count, 5))
    }

    /// One pass over the samples that it is taught, in whole batches of a new order. Returns the mean loss.
    /// - Parameters:
    ///   - x: one a given sample; moved where the upper variable is by sample.
    ///   - predicted: what soft labels mix with the given ones; nil: the given ones.
    func pass(
        _ transition: NoiseTransition, _ x: inout [Float], _ predicted: ClassProbabilities?, _ pool: ThreadPool
    ) -> Double {
        let order = random.permutation(of: taught.count).map { taught[$0] }, size = step.sizes.batch
        if kind == .transition {
            let target = step.variable.floats(0)
            for (i, value) in transition.logarithmsByLabel.enumerated() { target[i] = value }
        }
        var total = 0.0
        let steps = order.count / size
        for s in 0..<steps {
            let places = order[(s * size)..<((s + 1) * size)]
            fill(step.given, places.map { data.given[$0] })
            fill(step.trusted, draw(lowerTrusted, step.sizes.trusted))
            fill(step.upper, draw(upperTrusted, step.sizes.upper))
            fillDropout()
            if kind.isBySample {
                let target = step.variable.floats(0)
                for (i, place) in places.enumerated() { target[i] = x[place] }
            }
            if kind == .labels { fill(step.variable.floats(1), places, predicted) }
            total += step(on: pool)
            if kind.isBySample {
                let moved = step.variable.floats(0)
                for (i, place) in places.enumerated() { x[place] = moved[i] }
            }
        }
        return total / Double(steps)
    }

    private func draw(_ entries: [CleaningData.Entry], _ count: Int) -> [CleaningData.Entry] {
        random.permutation(of: entries.count, first: count).map { entries[$0] }
    }

    private func fill(_ point: Point, _ entries: [CleaningData.Entry]) {
        guard !entries.isEmpty else { return }
        data.write(entries, to: point.floats(0))
        point.part(1..<2).assign([Tensor(entries.map(\.label))])
    }

    private func fill(
        _ target: UnsafeMutableBufferPointer<Float>, _ places: ArraySlice<Int>, _ predicted: ClassProbabilities?
    ) {
        let rows =
            predicted?.rows(Array(places))
            ?? places.flatMap { place in (0..<data.classCount).map { $0 == Int(data.givenLabels[place]) ? 1 : 0 } }
        for (i, value) in rows.enumerated() { target[i] = value }
    }

    /// Hidden units are left out at random, the rest scaled up so that the mean stays (Srivastava et al. 2014).
    private func fillDropout() {
        for layer in 0..<step.dropout.count {
            let target = step.dropout.floats(layer)
            let threshold = UInt16(dropout * 65536), scale = Float(1 / (1 - dropout))
            var bits: UInt64 = 0
            for i in target.indices {
                if i % 4 == 0 { bits = random.next() }
                target[i] = UInt16(truncatingIfNeeded: bits) < threshold ? 0 : scale
                bits >>= 16
            }
        }
    }

    /// Of the step; how much was drawn: all that the next pass depends on.
    var state: Point { step.state }
    var drawnCount: UInt64 {
        get { random.drawnCount }
        set { random.drawnCount = newValue }
    }

    /// What the network says of some samples.
    func probabilities(of entries: [CleaningData.Entry], _ pool: ThreadPool) -> ClassProbabilities {
        let classes = data.classCount
        var values: [Float] = []
        values.reserveCapacity(entries.count * classes)
        for start in stride(from: 0, to: entries.count, by: Member.chunk) {
            let part = entries[start..<min(start + Member.chunk, entries.count)]
            data.write(part, to: images.floats(0))
            predict(step.network, images, into: predicted, on: pool)
            values += predicted.floats(0)[..<(part.count * classes)]
        }
        return ClassProbabilities(classCount: classes, values: values)
    }
}

extension RandomStream {
    /// Which samples members leave out.
    fileprivate static let leftOut = RandomStream("left out", number: 20)
    /// Initial weights, batches and dropout of a member.
    fileprivate static func member(_ number: Int) -> RandomStream {
        RandomStream("member \(number)", number: 1 << 20 | UInt64(number))
    }
}

import Datasets
import Foundation
import RunSupport

/// What a cleaning run works on: given samples, whose labels may be wrong, and trusted ones.
package struct CleaningData: Sendable {
    enum Source: Sendable { case samples, trusted, test }

    /// A sample of a source, and its label.
    struct Entry: Sendable {
        let source: Source
        let index: Int
        let label: Int32
    }

    package let samples: LabeledSamples
    /// Trusted samples that are not among `samples`.
    private let others: LabeledSamples?
    private let testSamples: LabeledSamples?
    /// In the order of the source; samples whose label is trusted are left out.
    let given: [Entry]
    let givenLabels: [Int32]
    let trusted: [Entry]
    let trustedLabels: [Int32]
    /// Samples whose classes are predicted and compared with their labels.
    let test: [Entry]
    /// Of features: what is subtracted from each and what it is divided by. Pictures stay in [0, 1].
    private let mean: [Float], deviation: [Float]
    /// What networks see in place of pixels, by source.
    private let gradients: [Source: OrientedGradients]

    /// Some samples only, with the labels that they have.
    init(samples: LabeledSamples, given: [Int]) {
        self.samples = samples
        (others, testSamples, trusted, trustedLabels, test) = (nil, nil, [], [], [])
        givenLabels = given.map { samples.labels[$0] }
        self.given = given.map { Entry(source: .samples, index: $0, label: samples.labels[$0]) }
        (mean, deviation) = CleaningData.moments(of: samples)
        gradients = [:]
    }

    package init(
        samples: LabeledSamples, trusted: TrustedLabels? = nil, test: LabeledSamples? = nil,
        input: CleaningConfiguration.Input = .pixels
    ) {
        self.samples = samples
        testSamples = test
        others = trusted?.others
        let named = Set(trusted?.indices ?? [])
        given = samples.labels.indices.filter { !named.contains($0) }
            .map { Entry(source: .samples, index: $0, label: samples.labels[$0]) }
        var known: [Entry] = []
        if let trusted {
            known = zip(trusted.indices, trusted.labels).map { Entry(source: .samples, index: $0, label: $1) }
            known += (trusted.others?.labels ?? []).enumerated()
                .map { Entry(source: .trusted, index: $0, label: $1) }
        }
        self.trusted = known
        givenLabels = given.map(\.label)
        trustedLabels = known.map(\.label)
        self.test = (test?.labels ?? []).enumerated().map { Entry(source: .test, index: $0, label: $1) }
        (mean, deviation) = CleaningData.moments(of: samples)
        if input == .gradients, case .pictures = samples.form {
            let parts: [(Source, LabeledSamples?)] = [(.samples, samples), (.trusted, others), (.test, test)]
            gradients = Dictionary(
                uniqueKeysWithValues: parts.compactMap { source, part in
                    part.map { (source, OrientedGradients(of: $0)) }
                })
        } else {
            gradients = [:]
        }
    }

    /// Where networks see pixels.
    var picture: CleaningNetwork.Picture? {
        guard gradients.isEmpty, case .pictures(let channels, let height, let width) = samples.form else { return nil }
        return CleaningNetwork.Picture(channels: channels, height: height, width: width)
    }

    /// How many numbers a network sees of a sample.
    var valuesPerInput: Int { gradients[.samples]?.valuesPerSample ?? samples.valuesPerSample }

    /// Of all values and labels.
    package var hash: String {
        let named = trusted.filter { $0.source == .samples }.map { "\($0.index) \($0.label)" }
        var digest = SHA256()
        for text in [samples.hash, others?.hash ?? "", testSamples?.hash ?? ""] + named {
            digest.update(Array("\(text)\n".utf8))
        }
        return digest.finalized()
    }

    package var classCount: Int { samples.classCount }

    /// The mean of each feature, and a deviation halfway (in variance) between its own and that of all: features in
    /// other units come near each other, and one that hardly ever changes is not blown up. Of pictures 0 and 1.
    private static func moments(of samples: LabeledSamples) -> (mean: [Float], deviation: [Float]) {
        let size = samples.valuesPerSample
        guard case .features = samples.form else {
            return ([Float](repeating: 0, count: size), [Float](repeating: 1, count: size))
        }
        var sum = [Double](repeating: 0, count: size), squares = sum
        var row = [Float](repeating: 0, count: size)
        for i in 0..<samples.count {
            row.withUnsafeMutableBufferPointer { samples.write([i], to: $0) }
            for j in 0..<size {
                sum[j] += Double(row[j])
                squares[j] += Double(row[j]) * Double(row[j])
            }
        }
        let n = Double(samples.count)
        let variances = (0..<size).map { max(0, squares[$0] / n - (sum[$0] / n) * (sum[$0] / n)) }
        let common = variances.reduce(0, +) / Double(size)
        let deviations = variances.map { Float((($0 + common) / 2).squareRoot()) }
        return (sum.map { Float($0 / n) }, deviations.map { $0 > 0 ? $0 : 1 })
    }

    private subscript(source: Source) -> LabeledSamples {
        switch source {
        case .samples: samples
        case .trusted: others!
        case .test: testSamples!
        }
    }

    /// Writes samples [entries.count, valuesPerInput] as a network takes them.
    func write(_ entries: some Collection<Entry>, to buffer: UnsafeMutableBufferPointer<Float>) {
        let size = valuesPerInput
        // A run of one source at a time: mostly all of them.
        var rest = entries[...], start = 0
        while let source = rest.first?.source {
            let run = rest.prefix { $0.source == source }
            let rows = UnsafeMutableBufferPointer(rebasing: buffer[start..<(start + run.count * size)])
            if let gradients = gradients[source] {
                gradients.write(run.map(\.index), to: rows)
            } else {
                self[source].write(run.map(\.index), to: rows)
            }
            rest = rest.dropFirst(run.count)
            start += run.count * size
        }
        guard case .features = samples.form else { return }
        for i in 0..<entries.count {
            for j in 0..<size { buffer[i * size + j] = (buffer[i * size + j] - mean[j]) / deviation[j] }
        }
    }
}

import Randomness

/// Which wrong label a sample gets.
public enum LabelNoiseKind: String, Sendable, CaseIterable {
    /// Uniformly one of the other classes.
    case uniform
    /// That of the likeliest confusion of the sample's class, by a weak model: one and the same for the whole class.
    case pair
    /// That which a weak model finds likeliest for the sample itself among the other classes.
    case confusable
}

/// Labels of which exactly round(rate · n) are wrong, and which these are; to measure how well they are found.
public struct LabelNoise: Sendable {
    /// After the errors were planted.
    public let labels: [Int32]
    /// Whether each label was changed.
    public let isWrong: [Bool]

    /// - Parameters:
    ///   - labels: the right ones.
    ///   - rate: of wrong ones, in [0, 1].
    ///   - probabilities: a weak model's, [labels.count, classCount], row-major; not looked at where the noise is
    ///     uniform.
    public init(
        _ kind: LabelNoiseKind, of labels: [Int32], classCount: Int, rate: Double, probabilities: [Float] = [],
        using random: inout some RandomNumberGenerator, file: StaticString = #fileID, line: UInt = #line
    ) throws(DatasetError) {
        guard 0...1 ~= rate else { throw .impossible(at: "label noise", "a rate in [0, 1] expected, got \(rate)") }
        guard classCount >= 2 else {
            throw .impossible(at: "label noise", "at least 2 classes expected, got \(classCount)")
        }
        require(
            kind == .uniform || probabilities.count == labels.count * classCount,
            "LabelNoise: probabilities of \(labels.count) x \(classCount) expected, got \(probabilities.count)",
            file: file, line: line)
        let model = WeakModel(probabilities: probabilities, labels: labels, classCount: classCount)
        let confusions = kind == .pair ? model.likeliestConfusions() : []
        var noisy = labels, isWrong = [Bool](repeating: false, count: labels.count)
        for i in random.permutation(of: labels.count, first: Int((rate * Double(labels.count)).rounded())) {
            isWrong[i] = true
            noisy[i] =
                switch kind {
                case .uniform: (labels[i] + 1 + Int32(random.remainder(below: classCount - 1))) % Int32(classCount)
                case .pair: confusions[Int(labels[i])]
                case .confusable: model.likeliestOther(ofSample: i)
                }
        }
        (self.labels, self.isWrong) = (noisy, isWrong)
    }
}

/// What a model makes of samples whose classes are known.
private struct WeakModel {
    /// [labels.count, classCount].
    let probabilities: [Float]
    let labels: [Int32]
    let classCount: Int

    func likeliestOther(ofSample i: Int) -> Int32 {
        likeliest(but: labels[i]) { Double(probabilities[i * classCount + $0]) }
    }

    /// Of each class the other one with the highest mean probability over the class's samples.
    func likeliestConfusions() -> [Int32] {
        var sums = [Double](repeating: 0, count: classCount * classCount)
        for (i, label) in labels.enumerated() {
            for other in 0..<classCount {
                sums[Int(label) * classCount + other] += Double(probabilities[i * classCount + other])
            }
        }
        return (0..<classCount).map { label in likeliest(but: Int32(label)) { sums[label * classCount + $0] } }
    }

    /// The first of the highest, so that the result is defined where two are alike.
    private func likeliest(but own: Int32, _ value: (Int) -> Double) -> Int32 {
        var best = own == 0 ? 1 : 0
        for other in (best + 1)..<max(classCount, best + 1) where other != Int(own) && value(other) > value(best) {
            best = other
        }
        return Int32(best)
    }
}

import Randomness

/// Labels of which a fraction was replaced, and the truth about which.
public struct LabelCorruption: Sendable {
    /// What replaces a label.
    public enum Draw: Sendable {
        /// Uniformly one of the other classes.
        case differentClass
        /// Uniformly any class, as the authors' code does: one in ten stays true yet counts as corrupted.
        case anyClass
    }

    /// After the errors were planted.
    public let labels: [Int32]
    /// Whether each label was changed.
    public let isCorrupted: [Bool]

    /// Corrupts exactly round(fraction · n) samples, chosen uniformly.
    public init(
        of labels: [Int32], fraction: Double, classCount: Int, draw: Draw = .differentClass,
        using random: inout some RandomNumberGenerator
    ) throws(DatasetError) {
        guard fraction >= 0, fraction < 1 else {
            throw .impossible(at: "corruption", "a fraction in [0, 1) expected, got \(fraction)")
        }
        guard classCount >= 2 else {
            throw .impossible(at: "corruption", "at least 2 classes expected, got \(classCount)")
        }
        var corrupted = labels, flags = [Bool](repeating: false, count: labels.count)
        for i in random.permutation(of: labels.count, first: Int((fraction * Double(labels.count)).rounded())) {
            flags[i] = true
            switch draw {
            case .differentClass:
                corrupted[i] = (labels[i] + 1 + Int32(random.remainder(below: classCount - 1))) % Int32(classCount)
            case .anyClass: corrupted[i] = Int32(random.remainder(below: classCount))
            }
        }
        self.labels = corrupted
        isCorrupted = flags
    }
}

extension RandomStream {
    /// Which labels are corrupted, and by what.
    public static let labelNoise = RandomStream("label noise", number: 2)
}

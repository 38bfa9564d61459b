/// Training, validation and test indices, drawn without replacement from one file, or the last two from a second.
public struct HyperCleaningSplit: Sendable {
    public let train: [Int], validation: [Int], test: [Int]

    /// - Parameters:
    ///   - count: samples of the file.
    ///   - heldOutCount: samples of the second file, which validation and test are drawn from; nil where there is none.
    public init(
        count: Int, heldOutCount: Int? = nil, train: Int, validation: Int, test: Int,
        using random: inout some RandomNumberGenerator
    ) throws(DatasetError) {
        guard train >= 1, validation >= 1, test >= 1 else {
            throw DatasetError(
                "split: sizes of at least 1 expected, got train \(train), validation \(validation), test \(test)")
        }
        if let heldOutCount {
            guard train <= count else {
                throw DatasetError("split: train \(train) samples asked for, the training file has \(count)")
            }
            guard validation + test <= heldOutCount else {
                throw DatasetError(
                    "split: validation \(validation) + test \(test) = \(validation + test) samples asked for, the test file has \(heldOutCount)"
                )
            }
            self.train = random.permutation(of: count, first: train)
            let order = random.permutation(of: heldOutCount, first: validation + test)
            self.validation = Array(order[..<validation])
            self.test = Array(order[validation...])
            return
        }
        guard train + validation + test <= count else {
            throw DatasetError(
                "split: train \(train) + validation \(validation) + test \(test) = \(train + validation + test) samples asked for, the data has \(count)"
            )
        }
        let order = random.permutation(of: count, first: train + validation + test)
        self.train = Array(order[..<train])
        self.validation = Array(order[train..<(train + validation)])
        self.test = Array(order[(train + validation)...])
    }
}

/// Labels of which a fraction was replaced, and the truth about which.
public struct LabelCorruption: Sendable {
    /// What replaces a label.
    public enum Draw: Sendable {
        /// Uniformly one of the other classes.
        case differentClass
        /// Uniformly any class, as the authors' code does: one in ten stays true yet counts as corrupted.
        case anyClass
    }

    public let labels: [Int32]
    public let isCorrupted: [Bool]

    /// Corrupts exactly round(fraction · n) samples, chosen uniformly.
    public init(
        of labels: [Int32], fraction: Double, classCount: Int, draw: Draw = .differentClass,
        using random: inout some RandomNumberGenerator
    ) throws(DatasetError) {
        guard fraction >= 0, fraction < 1 else {
            throw DatasetError("corruption: a fraction in [0, 1) expected, got \(fraction)")
        }
        guard classCount >= 2 else { throw DatasetError("corruption: at least 2 classes expected, got \(classCount)") }
        var corrupted = labels, flags = [Bool](repeating: false, count: labels.count)
        for i in random.permutation(of: labels.count, first: Int((fraction * Double(labels.count)).rounded())) {
            flags[i] = true
            switch draw {
            case .differentClass:
                corrupted[i] = (labels[i] + 1 + Int32(random.draw(below: classCount - 1))) % Int32(classCount)
            case .anyClass: corrupted[i] = Int32(random.draw(below: classCount))
            }
        }
        self.labels = corrupted
        isCorrupted = flags
    }
}

import Randomness

/// Training, validation and test indices, drawn without replacement from one file, or the last two from a second.
public struct HyperCleaningSplit: Sendable {
    /// Indices of samples; none is in two parts.
    public let train: [Int], validation: [Int], test: [Int]

    /// - Parameters:
    ///   - count: samples of the file.
    ///   - heldOutCount: samples of the second file, which validation and test are drawn from; nil where there is none.
    public init(
        count: Int, heldOutCount: Int? = nil, train: Int, validation: Int, test: Int,
        using random: inout some RandomNumberGenerator
    ) throws(DatasetError) {
        guard train >= 1, validation >= 1, test >= 1 else {
            throw .impossible(
                at: "split",
                "sizes of at least 1 expected, got train \(train), validation \(validation), test "
                    + "\(test)")
        }
        if let heldOutCount {
            guard train <= count else {
                throw .impossible(at: "split", "train \(train) samples asked for, the training file has \(count)")
            }
            guard validation + test <= heldOutCount else {
                throw .impossible(
                    at: "split",
                    "validation \(validation) + test \(test) = \(validation + test) samples asked for, "
                        + "the test file has \(heldOutCount)"
                )
            }
            self.train = random.permutation(of: count, first: train)
            let order = random.permutation(of: heldOutCount, first: validation + test)
            self.validation = Array(order[..<validation])
            self.test = Array(order[validation...])
            return
        }
        guard train + validation + test <= count else {
            throw .impossible(
                at: "split",
                "train \(train) + validation \(validation) + test \(test) = "
                    + "\(train + validation + test) samples asked for, the data has \(count)"
            )
        }
        let order = random.permutation(of: count, first: train + validation + test)
        self.train = Array(order[..<train])
        self.validation = Array(order[train..<(train + validation)])
        self.test = Array(order[(train + validation)...])
    }
}

extension RandomStream {
    /// Which samples are for training, validation and test.
    public static let split = RandomStream("split", number: 1)
}

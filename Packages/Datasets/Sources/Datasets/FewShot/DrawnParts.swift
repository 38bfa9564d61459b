import Randomness

/// The classes of a plain folder, drawn for training, validation and test as miniImageNet's are divided (64, 16 and 20
/// of 100; Ravi and Larochelle 2017), with enough of them in each for an episode.
struct DrawnParts {
    /// Indices of classes, ascending; none is in two parts.
    let train: [Int], validation: [Int], test: [Int]

    /// - Parameters:
    ///   - count: of classes.
    ///   - ways: classes of an episode in tests; `trainWays`: in training.
    ///   - place: named in errors.
    init(count: Int, ways: Int, trainWays: Int, seed: UInt64, place: String) throws(DatasetError) {
        let test = max((count + 2) / 5, ways), validation = max((count * 4 + 12) / 25, ways),
            train = count - test - validation
        guard train >= max(trainWays, 1) else {
            let needed = trainWays + 2 * ways
            throw .impossible(
                at: place,
                "at least \(needed) classes expected, \(trainWays) for training and \(ways) each for validation and "
                    + "test, there are \(count) (fewer in an episode: --ways)")
        }
        var random = RandomGenerator(seed: seed, stream: .classSplit)
        let order = random.permutation(of: count)
        self.train = order[..<train].sorted()
        self.validation = order[train..<(train + validation)].sorted()
        self.test = order[(train + validation)...].sorted()
    }
}

extension RandomStream {
    /// Numbers beside those of episodes.
    fileprivate static let classSplit = RandomStream("class split", number: 1 << 40)
}

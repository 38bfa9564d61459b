/// Which classes are for meta-training, meta-validation and the final test.
public struct ClassSplit: Sendable, Hashable {
    /// Names of classes; none is in two parts.
    public let train: [String], validation: [String], test: [String]

    /// - Throws: `DatasetError` where a class is in two parts, or twice in one.
    public init(train: [String], validation: [String], test: [String]) throws(DatasetError) {
        self.train = train
        self.validation = validation
        self.test = test
        // By bytes: é in one code point and in two are two classes.
        var seen: [[UInt8]: String] = [:]
        for (part, names) in [("training", train), ("validation", validation), ("test", test)] {
            guard !names.isEmpty else {
                throw .impossible(at: "split", "at least one \(part) class expected, there is none")
            }
            for name in names {
                if let other = seen.updateValue(part, forKey: Array(name.utf8)) {
                    throw .inconsistent(
                        at: "split", "class \(name) expected once, it is in the \(other) and the \(part) classes")
                }
            }
        }
    }

    /// SHA-256 over the names in their order.
    public var hash: String {
        var digest = SHA256()
        for names in [train, validation, test] { digest.update(Array((names.joined(separator: "\n") + "\0").utf8)) }
        return digest.finalized()
    }
}

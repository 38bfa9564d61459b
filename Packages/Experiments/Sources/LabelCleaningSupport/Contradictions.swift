/// How often networks contradict labels that they were not taught: of given labels, and of trusted ones.
package struct Contradictions: Sendable, Hashable {
    package var given = 0, givenContradicted = 0
    package var trusted = 0, trustedContradicted = 0

    mutating func count(_ samples: [Int], _ probabilities: ClassProbabilities, _ labels: [Int32]) {
        given += samples.count
        givenContradicted += Self.contradicted(samples, probabilities, labels)
    }

    mutating func countTrusted(_ samples: [Int], _ probabilities: ClassProbabilities, _ labels: [Int32]) {
        trusted += samples.count
        trustedContradicted += Self.contradicted(samples, probabilities, labels)
    }

    private static func contradicted(
        _ samples: [Int], _ probabilities: ClassProbabilities, _ labels: [Int32]
    ) -> Int {
        samples.count { probabilities.likeliest(of: $0) != Int(labels[$0]) }
    }

    /// As a checkpoint keeps it.
    var text: String { "\(given) \(givenContradicted) \(trusted) \(trustedContradicted)" }

    package init() {}

    init?(text: String) {
        let numbers = text.split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 4 else { return nil }
        (given, givenContradicted, trusted, trustedContradicted) = (numbers[0], numbers[1], numbers[2], numbers[3])
    }
}

import Foundation
import Reporting

/// When a picture is "none of these": its score lies below a threshold that pictures of held-out classes gave.
package struct Refusal: Sendable, Hashable {
    package enum Score: String, Sendable, CaseIterable {
        /// The largest logit: with prototypes minus the squared distance to the nearest.
        case logit
        /// The largest probability.
        case probability

        func of(_ logits: [Double]) -> Double {
            let largest = logits.max()!
            switch self {
            case .logit: return largest
            case .probability: return 1 / logits.reduce(0) { $0 + exp($1 - largest) }
            }
        }
    }

    package let score: Score
    package let threshold: Double
    /// The shares of pictures of an episode's own classes and of strangers that fall below it, on held-out classes.
    package let refusedOwn: Double, refusedStrangers: Double

    package func refuses(_ logits: [Double]) -> Bool { score.of(logits) < threshold }

    /// The score that turns more strangers away, at the threshold that turns a share of the classes' own away.
    /// - Parameters:
    ///   - own: logits of pictures of the classes that the support shows.
    ///   - strangers: of pictures of other classes.
    init?(own: [[Double]], strangers: [[Double]], share: Double = 0.05) {
        guard !own.isEmpty, !strangers.isEmpty else { return nil }
        let candidates = Score.allCases.map { score in
            let sorted = own.map(score.of).sorted(), threshold = sorted[Int(share * Double(sorted.count))]
            return Refusal(
                score: score, threshold: threshold,
                refusedOwn: Double(sorted.count { $0 < threshold }) / Double(sorted.count),
                refusedStrangers: Double(strangers.count { score.of($0) < threshold }) / Double(strangers.count))
        }
        self = candidates.max { $0.refusedStrangers < $1.refusedStrangers }!
    }

    private init(score: Score, threshold: Double, refusedOwn: Double, refusedStrangers: Double) {
        self.score = score
        self.threshold = threshold
        self.refusedOwn = refusedOwn
        self.refusedStrangers = refusedStrangers
    }
}

extension Refusal {
    /// As checkpoints keep it.
    var note: String {
        ([score.rawValue] + [threshold, refusedOwn, refusedStrangers].map(numberText)).joined(separator: " ")
    }

    init?(note: String) {
        let parts = note.split(separator: " ").map(String.init), numbers = parts.dropFirst().compactMap(Double.init)
        guard let score = parts.first.flatMap(Score.init), numbers.count == 3, numbers.allSatisfy(\.isFinite) else {
            return nil
        }
        self.init(score: score, threshold: numbers[0], refusedOwn: numbers[1], refusedStrangers: numbers[2])
    }

    package var explanation: String {
        String(
            format: "none of these below a largest \(score.rawValue) of %.3g, which on held-out classes turns away "
                + "%.0f %% of pictures that belong and %.0f %% of strangers", threshold, 100 * refusedOwn,
            100 * refusedStrangers)
    }

    var json: JSONValue {
        [
            "score": .string(score.rawValue), "threshold": .number(threshold), "refusedOwn": .number(refusedOwn),
            "refusedStrangers": .number(refusedStrangers),
        ]
    }
}

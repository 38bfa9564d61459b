import Reporting

/// For what the test's pictures were taken, class by class, over all episodes.
struct ClassConfusion: Sendable {
    let classNames: [String]
    /// By the true class, then by the answer; only what came up.
    private var counts: [Int: [Int: Int]] = [:]

    init(classNames: [String]) { self.classNames = classNames }

    mutating func count(_ truth: Int, takenFor answer: Int) { counts[truth, default: [:]][answer, default: 0] += 1 }

    private func asked(_ truth: Int) -> Int { counts[truth]?.values.reduce(0, +) ?? 0 }
    private func right(_ truth: Int) -> Int { counts[truth]?[truth] ?? 0 }
    private func share(_ part: Int, _ whole: Int) -> String {
        whole == 0 ? "–" : "\((100 * part + whole / 2) / whole) %"
    }

    /// A row a class; the answers in columns, in the same order. Nil where there are too many classes to look at.
    var matrix: Table? {
        guard 2...25 ~= classNames.count, !counts.isEmpty else { return nil }
        return Table(
            columns: ["class", "right"] + classNames.indices.map { "\($0 + 1)" },
            rows: classNames.enumerated().map { truth, name in
                ["\(truth + 1) \(name)", share(right(truth), asked(truth))]
                    + classNames.indices.map { counts[truth]?[$0].map(String.init) ?? "" }
            })
    }

    /// The pairs that were mistaken most often, and of how many pictures that were asked.
    func worstPairs(_ limit: Int = 12) -> Table {
        let pairs = counts.flatMap { truth, answers in
            answers.filter { $0.key != truth }.map { (truth: truth, answer: $0.key, count: $0.value) }
        }.sorted { ($1.count, $0.truth, $0.answer) < ($0.count, $1.truth, $1.answer) }
        return Table(
            columns: ["class", "taken for", "times", "of its pictures"],
            rows: pairs.prefix(limit).map { pair in
                [classNames[pair.truth], classNames[pair.answer], "\(pair.count)", "\(asked(pair.truth))"]
            })
    }

    /// A line for each pair that came up.
    var csv: String {
        let lines = counts.keys.sorted().flatMap { truth in
            counts[truth]!.sorted { $0.key < $1.key }.map { answer, count in
                [classNames[truth], classNames[answer], "\(count)"]
            }
        }
        return CSV.text([["class", "answer", "pictures"]] + lines)
    }
}

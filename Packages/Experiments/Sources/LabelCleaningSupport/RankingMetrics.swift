/// How well a ranking finds wrong labels, where these are known.
package struct RankingMetrics: Sendable, Hashable {
    /// Average precision: the mean of the precision at each wrong label, most suspicious first; ties by order.
    package let averagePrecision: Double
    /// Of the first 64 (or all): the share of wrong labels.
    package let precisionAt64: Double
    /// Of the flagged ones: the share of wrong labels; of the wrong labels: the share flagged; their harmonic mean.
    package let precision: Double, recall: Double, f1: Double

    /// - Parameters:
    ///   - isWrong: in the order of the ranking.
    ///   - isFlagged: in the same order.
    package init?(isWrong: [Bool], isFlagged: [Bool]) {
        let wrong = isWrong.count { $0 }, flagged = isFlagged.count { $0 }
        guard wrong > 0 else { return nil }
        var found = 0, sum = 0.0
        for (rank, wrong) in isWrong.enumerated() where wrong {
            found += 1
            sum += Double(found) / Double(rank + 1)
        }
        averagePrecision = sum / Double(wrong)
        let first = isWrong.prefix(64)
        precisionAt64 = Double(first.count { $0 }) / Double(first.count)
        let hits = zip(isWrong, isFlagged).count { $0 && $1 }
        precision = flagged == 0 ? 0 : Double(hits) / Double(flagged)
        recall = Double(hits) / Double(wrong)
        f1 = hits == 0 ? 0 : 2 * precision * recall / (precision + recall)
    }
}

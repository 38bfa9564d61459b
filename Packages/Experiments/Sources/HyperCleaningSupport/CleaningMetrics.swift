import RunSupport

/// How well the weights tell clean samples from corrupted ones. A sample is kept when x_i ≥ 0.
package struct CleaningMetrics: Sendable, Hashable {
    /// Kept and clean / kept; kept and clean / clean; their harmonic mean. In [0, 1].
    package let precision: Double, recall: Double, f1: Double
    /// The chance that a clean sample's weight exceeds a corrupted one's (ties count half); nil where one kind is
    /// missing.
    package let auroc: Double?

    init(precision: Double, recall: Double, f1: Double, auroc: Double?) {
        self.precision = precision
        self.recall = recall
        self.f1 = f1
        self.auroc = auroc
    }

    package init(weights: [Double], isCorrupted: [Bool], file: StaticString = #fileID, line: UInt = #line) {
        require(
            weights.count == isCorrupted.count, "metrics: \(weights.count) weights, \(isCorrupted.count) flags",
            file: file, line: line)
        var kept = 0, keptClean = 0, clean = 0
        for (x, corrupted) in zip(weights, isCorrupted) {
            if x >= 0 { kept += 1 }
            if !corrupted { clean += 1 }
            if x >= 0 && !corrupted { keptClean += 1 }
        }
        precision = kept == 0 ? 0 : Double(keptClean) / Double(kept)
        recall = clean == 0 ? 0 : Double(keptClean) / Double(clean)
        f1 = precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
        auroc = CleaningMetrics.auroc(weights, isCorrupted, cleanCount: clean)
    }

    /// By the rank-sum statistic (Mann and Whitney 1947), with mean ranks at ties.
    private static func auroc(_ weights: [Double], _ isCorrupted: [Bool], cleanCount: Int) -> Double? {
        let corruptedCount = weights.count - cleanCount
        guard cleanCount > 0, corruptedCount > 0 else { return nil }
        let order = weights.indices.sorted { weights[$0] < weights[$1] }
        var rankSum = 0.0, i = 0
        while i < order.count {
            var j = i
            while j + 1 < order.count, weights[order[j + 1]] == weights[order[i]] { j += 1 }
            let meanRank = Double(i + j) / 2 + 1
            for k in i...j where !isCorrupted[order[k]] { rankSum += meanRank }
            i = j + 1
        }
        let n = Double(cleanCount)
        return (rankSum - n * (n + 1) / 2) / (n * Double(corruptedCount))
    }
}

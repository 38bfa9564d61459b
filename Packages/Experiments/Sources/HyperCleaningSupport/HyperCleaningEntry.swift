import LabelCleaningSupport
import MethodCatalogue
import Reporting

/// What became of one run of a comparison.
package struct HyperCleaningEntry: Sendable {
    package let network: HyperCleaningNetwork
    package let method: MethodName
    package let rows: [HyperCleaningRow]
    /// By p(given) under y_K and by x, at the end; nil where nobody knows which labels are wrong.
    var rankings: (byScore: RankingMetrics, byWeight: RankingMetrics)?
    /// Whether it has a folder.
    package let isBegun: Bool
    /// Why it ended early, if it did.
    package let failure: String?
}

extension HyperCleaningEntry {
    var last: HyperCleaningRow? { rows.last }
    /// At the last evaluation.
    package var accuracy: Double? { rows.last { $0.accuracy != nil }?.accuracy }
    var accuracyAtInitialization: Double? { rows.last { $0.accuracy != nil }?.accuracyAtInitialization }
    var meanTruncation: Double? { rows.isEmpty ? nil : Samples(rows.map { Double($0.report.truncation) }).mean }
    /// Median of an upper iteration.
    var seconds: Double? { rows.isEmpty ? nil : Samples(rows.map(\.report.seconds)).median }
    /// Of all upper iterations; nil before the first.
    var totalSeconds: Double? { rows.isEmpty ? nil : rows.reduce(0) { $0 + $1.report.seconds } }
}

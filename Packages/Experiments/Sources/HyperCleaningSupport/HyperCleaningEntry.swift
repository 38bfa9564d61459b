import MethodCatalogue
import Reporting

/// What became of one run of a comparison.
package struct HyperCleaningEntry: Sendable {
    package let network: HyperCleaningNetwork
    package let method: MethodName
    package let rows: [HyperCleaningRow]
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
}

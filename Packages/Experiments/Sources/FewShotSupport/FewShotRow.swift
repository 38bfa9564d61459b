import BilevelOptimization
import Reporting

/// One meta-iteration, and how it stands in `metrics.csv`.
package struct FewShotRow: Sendable {
    package let report: MetaReport
    /// On the meta-validation episodes, where they were run.
    package let validationAccuracy: Double?
    /// Half of its 95% interval over episodes.
    package let validationConfidence95: Double?

    init(report: MetaReport, validationAccuracy: Double?, validationConfidence95: Double?) {
        self.report = report
        self.validationAccuracy = validationAccuracy
        self.validationConfidence95 = validationConfidence95
    }

    static let columns = FewShotRow(
        report: MetaReport(
            iteration: 0, upperValue: 0, meanTruncation: 0, hypergradientNorm: 0, initializationGradientNorm: 0,
            seconds: 0), validationAccuracy: nil, validationConfidence95: nil
    ).cells.columns

    var cells: MetricsRow {
        [
            "iteration": Double(report.iteration), "upperValue": report.upperValue,
            "meanTruncation": report.meanTruncation, "hypergradientNorm": report.hypergradientNorm,
            "initializationGradientNorm": report.initializationGradientNorm,
            "validationAccuracy": validationAccuracy, "validationConfidence95": validationConfidence95,
            "seconds": report.seconds,
        ]
    }

    init(_ cells: MetricsRow) {
        report = MetaReport(
            iteration: cells.integer("iteration") ?? 0, upperValue: cells.number("upperValue"),
            meanTruncation: cells.number("meanTruncation"), hypergradientNorm: cells.number("hypergradientNorm"),
            initializationGradientNorm: cells.number("initializationGradientNorm"), seconds: cells.number("seconds"))
        validationAccuracy = cells["validationAccuracy"]
        validationConfidence95 = cells["validationConfidence95"]
    }
}

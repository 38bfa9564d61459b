import BilevelOptimization
import Reporting

/// One meta-iteration, and how it stands in `metrics.csv`.
package struct FewShotRow: Sendable {
    package let report: MetaReport
    /// On the meta-validation episodes, where they were run.
    package let validationAccuracy: Double?

    init(report: MetaReport, validationAccuracy: Double?) {
        self.report = report
        self.validationAccuracy = validationAccuracy
    }

    static let columns = FewShotRow(
        report: MetaReport(
            iteration: 0, upperValue: 0, meanTruncation: 0, hypergradientNorm: 0, initializationGradientNorm: 0,
            seconds: 0), validationAccuracy: nil
    ).cells.columns

    var cells: MetricsRow {
        [
            "iteration": Double(report.iteration), "upperValue": report.upperValue,
            "meanTruncation": report.meanTruncation, "hypergradientNorm": report.hypergradientNorm,
            "initializationGradientNorm": report.initializationGradientNorm,
            "validationAccuracy": validationAccuracy, "seconds": report.seconds,
        ]
    }

    init(_ cells: MetricsRow) {
        report = MetaReport(
            iteration: cells.integer("iteration") ?? 0, upperValue: cells.number("upperValue"),
            meanTruncation: cells.number("meanTruncation"), hypergradientNorm: cells.number("hypergradientNorm"),
            initializationGradientNorm: cells.number("initializationGradientNorm"), seconds: cells.number("seconds"))
        validationAccuracy = cells["validationAccuracy"]
    }
}

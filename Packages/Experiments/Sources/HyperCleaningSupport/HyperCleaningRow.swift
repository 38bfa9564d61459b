import BilevelOptimization
import Reporting

/// One upper iteration of hyper-cleaning, and how it stands in `metrics.csv`.
package struct HyperCleaningRow: Sendable {
    package let report: IterationReport
    /// Nil where nobody knows which labels are wrong.
    package let metrics: CleaningMetrics?
    /// On the test part, at y_K and at z; nil between evaluations.
    package let accuracy: Double?, accuracyAtInitialization: Double?

    init(
        report: IterationReport, metrics: CleaningMetrics?, accuracy: Double?, accuracyAtInitialization: Double?
    ) {
        self.report = report
        self.metrics = metrics
        self.accuracy = accuracy
        self.accuracyAtInitialization = accuracyAtInitialization
    }

    static let columns = HyperCleaningRow(
        report: IterationReport(
            iteration: 0, truncation: 0, upperValue: 0, finalUpperValue: 0, hypergradientNorm: 0,
            initializationGradientNorm: 0, lowerStepNorm: 0, forwardSeconds: 0, backwardSeconds: 0),
        metrics: nil, accuracy: nil, accuracyAtInitialization: nil
    ).cells.columns

    var cells: MetricsRow {
        [
            "iteration": Double(report.iteration), "truncation": Double(report.truncation),
            "upperValue": report.upperValue, "finalUpperValue": report.finalUpperValue,
            "hypergradientNorm": report.hypergradientNorm,
            "initializationGradientNorm": report.initializationGradientNorm, "lowerStepNorm": report.lowerStepNorm,
            "f1": metrics?.f1, "precision": metrics?.precision, "recall": metrics?.recall, "auroc": metrics?.auroc,
            "accuracy": accuracy, "accuracyAtInitialization": accuracyAtInitialization,
            "forwardSeconds": report.forwardSeconds, "backwardSeconds": report.backwardSeconds,
            "updateSeconds": report.updateSeconds,
        ]
    }

    init(_ cells: MetricsRow) {
        report = IterationReport(
            iteration: cells.integer("iteration") ?? 0, truncation: cells.integer("truncation") ?? 0,
            upperValue: cells.number("upperValue"), finalUpperValue: cells.number("finalUpperValue"),
            hypergradientNorm: cells.number("hypergradientNorm"),
            initializationGradientNorm: cells.number("initializationGradientNorm"),
            lowerStepNorm: cells.number("lowerStepNorm"), forwardSeconds: cells.number("forwardSeconds"),
            backwardSeconds: cells.number("backwardSeconds"), updateSeconds: cells.number("updateSeconds"))
        metrics = cells["f1"].map { f1 in
            CleaningMetrics(
                precision: cells.number("precision"), recall: cells.number("recall"), f1: f1, auroc: cells["auroc"])
        }
        accuracy = cells["accuracy"]
        accuracyAtInitialization = cells["accuracyAtInitialization"]
    }
}

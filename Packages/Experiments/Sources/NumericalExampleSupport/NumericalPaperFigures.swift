import BilevelOptimization
import Foundation
import MethodCatalogue
import Reporting

/// The paper's other figures, beside the runs that were asked for (Liu et al. 2021).
extension NumericalOutcome {
    func addPaperFigures(_ others: NumericalCompanions.Results, to page: inout HTMLReport) {
        page.addHeading("Figure 2: the chosen step k̄, K = 100, from (1, 2)")
        let rows = others.longTrajectory.rows
        let means = stride(from: 0, to: rows.count, by: 50).map { first in
            let part = rows[first..<min(first + 50, rows.count)]
            return part.reduce(0) { $0 + Double($1.truncation) } / Double(part.count)
        }
        let paper = [21.0, 41, 51, 51, 51, 51, 51, 50]
        page.addCharts([
            LineChart(
                title: "k̄, means of 10 iterations", xLabel: "upper iteration", yLabel: "",
                series: [.init("k̄", rows.map { (Double($0.iteration), Double($0.truncation)) }).averaged(over: 10)]
            ).svg
        ])
        page.addTable(
            Table(
                columns: ["iterations"] + means.indices.map { "\($0 * 50 + 1)–\($0 * 50 + 50)" },
                rows: [
                    ["mean k̄, here"] + means.map { String(format: "%.0f", $0) },
                    ["mean k̄, paper"]
                        + means.indices.map { $0 < paper.count ? String(format: "%.0f", paper[$0]) : "" },
                ]))

        page.addHeading("Table 1: time and memory of \(configuration.outerIterations) iterations")
        page.addParagraph(
            "The paper's figures are for one GPU run of unstated length; "
                + "ours are the median over the starts, on this machine.")
        let published: [(MethodName, memory: String, seconds: String)] = [
            (.conjugateGradient, "10.426 GB", "5.120"), (.neumann, "10.387 GB", "10.815"), (.rhg, "10.153 GB", "9.990"),
            (.bda, "10.154 GB", "16.800"), (.iapttGM, "10.153 GB", "10.835"),
        ]
        page.addTable(
            Table(
                columns: ["method", "seconds, here", "seconds, paper", "peak memory, here", "memory, paper"],
                rows: published.compactMap { method, memory, seconds in
                    let mine = results.filter { $0.method == method }
                    guard !mine.isEmpty else { return nil }
                    let total = Samples(mine.map { run in run.rows.reduce(0) { $0 + $1.seconds } }).median,
                        bytes = mine.map(\.peakMemoryBytes).max() ?? 0
                    return [
                        method.rawValue, String(format: "%.4f", total), seconds, "\(bytes / 1_048_576) MiB", memory,
                    ]
                }))

        page.addHeading("Ablation: the projection of the lower steps")
        page.addParagraph(
            "From (1, 2), relative error of x at the end. Without the projection onto [-2, 2] inside the lower loop "
                + "IA-GM stalls, as in the paper's ablation figure; with the prescribed projection both end alike.")
        let projected = results.filter {
            $0.start == (1, 2) && configuration.isProjected && [.iaGM, .iapttGM].contains($0.method)
        }
        page.addTable(
            Table(
                columns: ["method", "projected", "error of x at the end", "median of last 50"],
                rows:
                    projected.map {
                        [
                            $0.method.rawValue, "yes", short($0.rows.last?.relativeErrorX),
                            short($0.medianRelativeErrorXLast50),
                        ]
                    }
                    + others.withoutProjection.map {
                        [
                            $0.method.rawValue, "no", short($0.rows.last?.relativeErrorX),
                            short($0.medianRelativeErrorXLast50),
                        ]
                    }))

        page.addHeading("Figure 3: eq. 13 with and without acceleration, n = 50")
        page.addCharts([
            chart("‖x - x*‖", "", others.convex, \.distanceX), chart("‖y - y*‖", "", others.convex, \.distanceY),
        ])
    }
}

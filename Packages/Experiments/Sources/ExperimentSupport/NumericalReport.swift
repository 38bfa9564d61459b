import BilevelOptimization
import Foundation
import MethodCatalogue
import Reporting

/// Runs a numerical experiment and writes its folder, with the paper's figures redrawn.
public struct NumericalReport {
    public let runs: [NumericalRun]
    /// Methods that were asked for by `all` and are not meant for the problem, with the reason.
    public let leftOut: [(method: MethodName, reason: String)]
    private let configuration: NumericalConfiguration
    /// Runs beside the ones asked for: the paper's other figures.
    private let companions: Companions?

    private struct Companions {
        let longTrajectory: NumericalRun
        let withoutProjection: [NumericalRun]
        let convex: [NumericalRun]

        init() throws(SolverError) {
            var long = NumericalConfiguration(.nonconvex), free = long
            long.settings.innerIterations = 100
            free.isProjected = false
            longTrajectory = try NumericalRun(long, method: .iapttGM, start: (1, 2))
            withoutProjection = [
                try NumericalRun(free, method: .iaGM, start: (1, 2)),
                try NumericalRun(free, method: .iapttGM, start: (1, 2)),
            ]
            let pair = NumericalConfiguration(.convex)
            convex = [
                try NumericalRun(pair, method: .iaGM, start: pair.starts[0]),
                try NumericalRun(pair, method: .iaGMAccelerated, start: pair.starts[0]),
            ]
        }

        var all: [NumericalRun] { [longTrajectory] + withoutProjection + convex }
    }

    /// Builds every solver, so that a setting that makes no sense is found before anything is written.
    /// - Parameter skipsUnsuitable: list methods that reject the problem instead of failing.
    public init(_ configuration: NumericalConfiguration, skipsUnsuitable: Bool) throws(SolverError) {
        self.configuration = configuration
        var runs: [NumericalRun] = [], leftOut: [(MethodName, String)] = []
        for method in configuration.methods {
            if skipsUnsuitable, method.isStochastic {
                leftOut.append((method, "needs objectives that are means over samples"))
                continue
            }
            for start in configuration.starts {
                runs.append(try NumericalRun(configuration, method: method, start: start))
            }
        }
        self.runs = runs
        self.leftOut = leftOut
        companions = configuration.problem == .nonconvex && configuration.dimension == 1 ? try Companions() : nil
    }

    /// Runs everything and writes the folder's files; `wasStopped` ends it early with what there is.
    public func write(to output: String, progress: inout Reporting.Progress, wasStopped: () -> Bool)
        throws(ReportingError)
    {
        let folder = try RunFolder(path: output)
        try folder.writeJSON(configuration.json, to: "configuration.json")
        let metrics = try MetricsFile(
            in: folder,
            columns: [
                "run", "iteration", "x", "y", "relativeErrorX", "relativeErrorF", "upperValue", "truncation", "seconds",
            ])
        var done = 0
        for (number, run) in runs.enumerated() {
            let events = try EventFile(in: folder, run: run.name)
            for iteration in 1...configuration.outerIterations {
                guard !wasStopped(), run.step() else { break }
                let row = run.rows[run.rows.count - 1]
                try metrics.append([
                    Double(number), Double(row.iteration), row.x, row.y, row.relativeErrorX, row.relativeErrorF,
                    row.upperValue,
                    Double(row.truncation), row.seconds,
                ])
                try events.append(
                    step: row.iteration,
                    [
                        ("relativeErrorX", row.relativeErrorX), ("relativeErrorF", row.relativeErrorF),
                        ("upperValue", row.upperValue), ("truncation", Double(row.truncation)),
                    ])
                progress.update(done + iteration, run.name)
            }
            run.finish()
            done += configuration.outerIterations
        }
        for run in companions?.all ?? [] {
            for _ in 0..<500 where !wasStopped() { if !run.step() { break } }
            run.finish()
        }
        try folder.writeJSON(
            [
                "problem": .string(configuration.problem.rawValue), "runs": .array(runs.map(\.summary)),
                "leftOut": .array(
                    leftOut.map { ["method": .string($0.method.rawValue), "reason": .string($0.reason)] }),
            ], to: "summary.json")
        try folder.write(page.html, to: "report.html")
    }

    // MARK: The page

    public var table: Table {
        Table(
            columns: [
                "method", "start", "x", "best error of x", "median of last 50", "error of F", "below 1% at",
                "µs/iteration", "mean k̄", "",
            ],
            rows: runs.map { run in
                let last = run.rows.last
                return [
                    run.method.rawValue, "(\(numberText(run.start.x)), \(numberText(run.start.y)))",
                    last.map { short($0.x) } ?? "–",
                    short(run.bestRelativeErrorX), short(run.medianRelativeErrorXLast50),
                    last.map { short($0.relativeErrorF) } ?? "–",
                    run.firstIterationBelowOnePercent.map(String.init) ?? "never",
                    String(format: "%.1f", run.microsecondsPerIteration),
                    run.meanTruncation > 0 ? String(format: "%.1f", run.meanTruncation) : "–", run.failure ?? "",
                ]
            })
    }

    private func short(_ value: Double) -> String { value.isNaN ? "–" : String(format: "%.4g", value) }

    private func chart(_ title: String, _ yLabel: String, _ runs: [NumericalRun], _ value: (NumericalRun.Row) -> Double)
        -> String
    {
        LineChart(
            title: title, xLabel: "upper iteration", yLabel: yLabel,
            series: runs.map { run in
                .init(run.method.rawValue, run.rows.map { (Double($0.iteration), value($0)) })
            }
        ).svg
    }

    private var page: HTMLReport {
        let c = configuration
        var page = HTMLReport(
            title: "Numerical example: \(c.problem.rawValue)",
            subtitle: "K = \(c.settings.innerIterations), \(c.outerIterations) upper iterations, "
                + "dimension \(c.dimension), \(c.elementType.rawValue)\(c.isProjected ? "" : ", lower steps not projected")\(c.quirks.isEmpty ? "" : ", reference quirks: \(c.quirks.map(\.rawValue).joined(separator: ", "))")"
        )
        page.addTable(table)
        for (method, reason) in leftOut { page.addParagraph("\(method.rawValue) was left out: it \(reason).") }

        page.addHeading(c.problem == .nonconvex ? "Figure 1: errors from each start" : "Errors from each start")
        page.addCharts(
            c.starts.flatMap { start in
                let here = runs.filter { $0.start == start },
                    from = "from (\(numberText(start.x)), \(numberText(start.y)))"
                // Six lines a chart can be told apart.
                return stride(from: 0, to: here.count, by: 6).flatMap { first in
                    let some = Array(here[first..<min(first + 6, here.count)])
                    return [
                        chart("Relative error of x \(from)", "", some, \.relativeErrorX),
                        chart("Relative error of F \(from)", "", some, \.relativeErrorF),
                    ]
                }
            })
        if c.problem == .convex {
            page.addHeading("Figure 3: with and without acceleration")
            page.addCharts([chart("‖x - x*‖", "", runs, \.distanceX), chart("‖y - y*‖", "", runs, \.distanceY)])
        }
        if let companions { add(companions, to: &page) }
        page.addHeading("Configuration")
        page.addSettings(c.json)
        return page
    }

    private func add(_ others: Companions, to page: inout HTMLReport) {
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
                    ["mean k̄, paper"] + means.indices.map { $0 < paper.count ? String(format: "%.0f", paper[$0]) : "" },
                ]))

        page.addHeading("Table 1: time and memory of \(configuration.outerIterations) iterations")
        page.addParagraph(
            "The paper's figures are for one GPU run of unstated length; ours are the median over the starts, on this machine."
        )
        let published: [(MethodName, memory: String, seconds: String)] = [
            (.conjugateGradient, "10.426 GB", "5.120"), (.neumann, "10.387 GB", "10.815"), (.rhg, "10.153 GB", "9.990"),
            (.bda, "10.154 GB", "16.800"), (.iapttGM, "10.153 GB", "10.835"),
        ]
        page.addTable(
            Table(
                columns: ["method", "seconds, here", "seconds, paper", "peak memory, here", "memory, paper"],
                rows: published.compactMap { method, memory, seconds in
                    let mine = runs.filter { $0.method == method }
                    guard !mine.isEmpty else { return nil }
                    let total = Samples(mine.map { run in run.rows.reduce(0) { $0 + $1.seconds } }).median,
                        bytes = mine.map(\.peakMemoryBytes).max() ?? 0
                    return [
                        method.rawValue, String(format: "%.4f", total), seconds, "\(bytes / 1_048_576) MiB", memory,
                    ]
                }))

        page.addHeading("Ablation: the projection of the lower steps")
        page.addParagraph(
            "From (1, 2), relative error of x at the end. Without the projection onto [-2, 2] inside the lower loop IA-GM stalls, as in the paper's "
                + "ablation figure; with the prescribed projection both end alike.")
        let projected = runs.filter {
            $0.start == (1, 2) && configuration.isProjected && [.iaGM, .iapttGM].contains($0.method)
        }
        page.addTable(
            Table(
                columns: ["method", "projected", "error of x at the end", "median of last 50"],
                rows:
                    projected.map {
                        [
                            $0.method.rawValue, "yes", short($0.rows.last?.relativeErrorX ?? .nan),
                            short($0.medianRelativeErrorXLast50),
                        ]
                    }
                    + others.withoutProjection.map {
                        [
                            $0.method.rawValue, "no", short($0.rows.last?.relativeErrorX ?? .nan),
                            short($0.medianRelativeErrorXLast50),
                        ]
                    }))

        page.addHeading("Figure 3: eq. 13 with and without acceleration, n = 50")
        page.addCharts([
            chart("‖x - x*‖", "", others.convex, \.distanceX), chart("‖y - y*‖", "", others.convex, \.distanceY),
        ])
    }
}

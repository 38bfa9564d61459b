import BilevelOptimization
import Foundation
import LabelCleaningSupport
import MethodCatalogue
import Reporting
import RunSupport
import Tensors

/// Several methods on several networks: the same samples, the same wrong labels, the same initial weights for all
/// methods of a network.
///
/// Every run has a folder of its own below the output; `comparison.csv` and `report.html` set them side by side.
package final class HyperCleaningComparison {
    private let settings: HyperCleaningConfiguration
    private let networks: [HyperCleaningNetwork], methods: [MethodName]
    private let output: String
    private let resumes: Bool
    package private(set) var entries: [HyperCleaningEntry] = []
    /// The simplest things that could have found the wrong labels, on the same samples.
    package private(set) var plain: [HyperCleaningComparisonReport.Plain] = []

    /// - Parameter settings: whose network and method are replaced by each of the given ones.
    package init(
        _ settings: HyperCleaningConfiguration, networks: [HyperCleaningNetwork], methods: [MethodName], output: String,
        resumes: Bool = false
    ) {
        self.settings = settings
        self.networks = networks
        self.methods = methods
        self.output = output
        self.resumes = resumes
    }

    package var count: Int { networks.count * methods.count }

    /// Runs all, one after the other. A run that fails, or that its settings do not allow, is listed with the reason;
    /// the others go on. What is finished is compared after every run.
    /// - Parameter progress: told the upper iterations done over all runs, and a line.
    package func run(isStopped: () -> Bool, progress: (Int, String) -> Void = { _, _ in }) throws {
        var folder: RunFolder?, refusedCount = 0
        for network in networks {
            for method in methods where !isStopped() {
                do {
                    let run = try prepared(network, method)
                    if folder == nil {
                        folder = try start(run.settings)
                        rankPlainly(run, isStopped, progress)
                    }
                    entries.append(try complete(run, isStopped, progress))
                } catch let refusal as Refusal {
                    refusedCount += 1
                    if refusedCount == count { throw refusal.reason }
                    entries.append(
                        HyperCleaningEntry(
                            network: network, method: method, rows: [], isBegun: false, failure: "\(refusal.reason)"))
                }
                if let folder { try write(to: folder) }
            }
        }
    }

    /// Settings that a method or network does not allow, in a run that has not begun.
    private struct Refusal: Error { let reason: any Error }

    /// Wrong data are found here, before the first folder is made.
    private func prepared(_ network: HyperCleaningNetwork, _ method: MethodName) throws -> HyperCleaningRun {
        var configuration = settings
        configuration.network = network
        configuration.method = method
        do { return try HyperCleaningRun(configuration) } catch {
            throw error is SolverError || error is RunError ? Refusal(reason: error) : error
        }
    }

    private func complete(
        _ run: HyperCleaningRun, _ isStopped: () -> Bool, _ progress: (Int, String) -> Void
    ) throws -> HyperCleaningEntry {
        let network = run.configuration.network, method = run.configuration.method
        let name = "\(network.rawValue)-\(method.rawValue)", before = entries.count * settings.outerIterations
        let driver = try RunDriver(run, output: "\(output)/\(name)", resumes: resumes)
        var failure: String?
        var rankings: (byScore: RankingMetrics, byWeight: RankingMetrics)?
        do {
            rankings = try driver.complete(isStopped: isStopped) { progress(before + $0, "\(name)  \($1)") }.rankings
        } catch {
            guard error is SolverError || error is RunError else { throw error }
            failure = "\(error)"
        }
        return HyperCleaningEntry(
            network: network, method: method, rows: run.rows, rankings: rankings, isBegun: true, failure: failure)
    }

    private func rankPlainly(
        _ run: HyperCleaningRun, _ isStopped: () -> Bool, _ progress: (Int, String) -> Void
    ) {
        let data = run.plain, isWrong = run.metrics == nil ? nil : run.corruption.isCorrupted
        for (kind, network) in PlainRanking.compared where !isStopped() {
            progress(0, "\(kind.rawValue) \(network.rawValue)")
            let ranking = data.ranking(kind, network)
            plain.append(.init(ranking: ranking, metrics: isWrong.flatMap(ranking.metrics)))
        }
    }

    /// What all runs of the folder have in common must be what these settings say: those of an earlier part too.
    private func start(_ common: RunSettings) throws -> RunFolder {
        let folder = resumes ? try RunFolder(resuming: output) : try RunFolder(path: output)
        for name in try FileManager.default.contentsOfDirectory(atPath: output).sorted() {
            let file = RunDriver<HyperCleaningRun>.checkpointPath(in: "\(output)/\(name)")
            guard FileManager.default.fileExists(atPath: file) else { continue }
            try common.check(try Checkpoint(path: file), file: file, except: ["network", "method"])
        }
        try folder.writeJSON(
            [
                "networks": .array(networks.map(\.json)), "methods": .array(methods.map(\.json)),
                "settings": common.json,
            ], to: "configuration.json")
        return folder
    }

    private func write(to folder: RunFolder) throws {
        let report = HyperCleaningComparisonReport(settings: settings, entries: entries, plain: plain)
        try folder.write(report.csv, to: "comparison.csv")
        try folder.write(report.page.html, to: "report.html")
    }

    package var table: Table {
        HyperCleaningComparisonReport(settings: settings, entries: entries, plain: plain).table
    }
}

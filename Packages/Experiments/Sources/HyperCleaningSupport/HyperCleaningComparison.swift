import BilevelOptimization
import Foundation
import MethodCatalogue
import Reporting
import RunSupport
import Tensors

/// Several methods on several networks: the same samples, the same wrong labels, the same initial weights for all
/// methods of a network.
///
/// Every run has a folder of its own below the output; `comparison.csv` and `report.html` set them side by side.
package final class HyperCleaningComparison {
    /// What became of one run.
    package struct Entry: Sendable {
        package let network: HyperCleaningNetwork
        package let method: MethodName
        package let rows: [HyperCleaningRow]
        /// Why it ended early, if it did.
        package let failure: String?
    }

    private let settings: HyperCleaningConfiguration
    private let networks: [HyperCleaningNetwork], methods: [MethodName]
    private let output: String
    private let resumes: Bool
    package private(set) var entries: [Entry] = []

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

    /// Runs all, one after the other. A run that fails is listed with the reason; the others go on. What is finished is
    /// compared after every run.
    /// - Parameter progress: told the upper iterations done over all runs, and a line.
    package func run(isStopped: () -> Bool, progress: (Int, String) -> Void = { _, _ in }) throws {
        var folder: RunFolder?
        for network in networks {
            for method in methods where !isStopped() {
                var configuration = settings
                configuration.network = network
                configuration.method = method
                // Wrong data are found here, before the first folder is made.
                let run = try HyperCleaningRun(configuration)
                if folder == nil { folder = try start(run.settings) }
                let name = "\(network.rawValue)-\(method.rawValue)"
                let driver = try RunDriver(run, output: "\(output)/\(name)", resumes: resumes)
                let before = entries.count * settings.outerIterations
                do {
                    try driver.complete(isStopped: isStopped) { progress(before + $0, "\(name)  \($1)") }
                    entries.append(Entry(network: network, method: method, rows: run.rows, failure: nil))
                } catch let error as SolverError {
                    entries.append(
                        Entry(network: network, method: method, rows: run.rows, failure: error.description))
                }
                if let folder { try write(to: folder) }
            }
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
        let report = HyperCleaningComparisonReport(settings: settings, entries: entries)
        try folder.write(report.csv, to: "comparison.csv")
        try folder.write(report.page.html, to: "report.html")
    }

    package var table: Table { HyperCleaningComparisonReport(settings: settings, entries: entries).table }
}

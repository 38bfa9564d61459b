import BilevelOptimization
import Datasets
import FewShotSupport
import Foundation
import HyperCleaningSupport
import MethodCatalogue
import RunSupport
import Tensors
import Testing

/// What runs leave does not depend on the memory that their solvers may hold.
@Suite struct MemoryBudgetTests {
    /// What a run that asked for one byte was told to ask for.
    private func leastBudget(_ make: (MemorySize) throws -> Void) throws -> MemorySize {
        do { try make(MemorySize(byteCount: 1)) } catch RunError.budgetTooSmall(_, let needed, _) { return needed }
        throw SettingError("a budget of one byte was enough")
    }

    @Test(arguments: HyperCleaningConfiguration.methods) func hyperCleaningKeepsItsBits(_ method: MethodName) throws {
        let data = try StripeData()
        func run(_ budget: MemorySize?) throws -> HyperCleaningRun {
            var configuration = data.configuration
            (configuration.method, configuration.network) = (method, .mlp)
            (configuration.lowerRate, configuration.memoryBudget) = (0.1, budget)
            return try HyperCleaningRun(configuration)
        }
        func bits(_ budget: MemorySize?) throws -> [[Double]] {
            let run = try run(budget)
            for _ in 0..<3 { _ = try run.step() }
            return run.checkpoint.tensors.map(\.tensor.scalars)
        }
        let least = try leastBudget { _ = try run($0) }, free = try bits(nil)
        #expect(try bits(least) == free)
        #expect(try bits(MemorySize(byteCount: least.byteCount + 500_000)) == free)
        #expect(throws: RunError.self) { try bits(MemorySize(byteCount: least.byteCount - 1)) }
    }

    private static let glyphs = Result { try FewShotData.load(.glyphs, path: "") }

    private static let everyMethod = FewShotConfiguration.MethodName.allCases.map { ($0, 1) }

    @Test(arguments: everyMethod + [(.iapttGM, 2), (.bda, 2)])
    func fewShotKeepsItsBits(_ method: FewShotConfiguration.MethodName, threads: Int) throws {
        let data = try Self.glyphs.get()
        func run(_ budget: MemorySize?) throws -> FewShotRun {
            var configuration = FewShotConfiguration()
            configuration.dataset = .glyphs
            (configuration.method, configuration.hidden, configuration.threads) = (method, 4, threads)
            (configuration.metaBatch, configuration.queries, configuration.memoryBudget) = (2, 3, budget)
            return try FewShotRun(configuration, data: data)
        }
        func bits(_ budget: MemorySize?) throws -> [[Double]] {
            let run = try run(budget)
            for _ in 0..<2 { _ = try run.step() }
            return run.checkpoint.tensors.map(\.tensor.scalars) + [try run.test(count: 3).accuracies]
        }
        let least = try leastBudget { _ = try run($0) }, free = try bits(nil)
        #expect(try bits(least) == free)
        #expect(try bits(MemorySize(byteCount: 2 * least.byteCount)) == free)
        // What all workers hold together: to the byte for each of them.
        #expect(throws: RunError.self) { try bits(MemorySize(byteCount: least.byteCount - threads)) }
    }

    @Test func aRunGoesOnWithAnotherBudget() throws {
        let data = try StripeData()
        var settings = data.configuration
        (settings.network, settings.outerIterations, settings.evaluateEvery) = (.mlp, 2, 1)
        func complete(_ folder: String, resumes: Bool = false) throws -> [Double] {
            let run = try HyperCleaningRun(settings)
            try RunDriver(run, output: "\(data.path)/\(folder)", resumes: resumes).complete()
            return run.weights
        }
        _ = try complete("out")
        settings.outerIterations = 4
        let whole = try complete("whole")
        settings.memoryBudget = try leastBudget {
            settings.memoryBudget = $0
            _ = try HyperCleaningRun(settings)
        }
        #expect(try complete("out", resumes: true) == whole)
        #expect(
            try String(contentsOf: data.file("out/configuration.json"), encoding: .utf8)
                .contains("\"memoryBudget\": \(settings.memoryBudget!.byteCount)"))
    }

    /// What fits is run, what does not is listed; where nothing fits there is no folder.
    @Test func aComparisonListsWhatDoesNotFit() throws {
        let data = try StripeData()
        var settings = data.configuration
        (settings.outerIterations, settings.innerIterations) = (2, 5)
        func least(_ network: HyperCleaningNetwork) throws -> MemorySize {
            settings.network = network
            return try leastBudget {
                settings.memoryBudget = $0
                _ = try HyperCleaningRun(settings)
            }
        }
        let (linear, wide) = (try least(.linear), try least(.mlp))
        #expect(linear.byteCount < wide.byteCount)
        settings.memoryBudget = linear
        func comparison(_ networks: [HyperCleaningNetwork], _ folder: String) throws -> HyperCleaningComparison {
            let comparison = HyperCleaningComparison(
                settings, networks: networks, methods: [.iapttGM], output: "\(data.path)/\(folder)")
            try comparison.run(isStopped: { false })
            return comparison
        }
        let entries = try comparison([.mlp, .linear, .deepLinear], "out").entries
        #expect(entries.map(\.isBegun) == [false, true, false] && entries[1].failure == nil)
        let reason = "nearest valid choice: --memory-budget \(wide)"
        #expect(try String(contentsOf: data.file("out/comparison.csv"), encoding: .utf8).contains(reason))
        #expect(
            try !String(contentsOf: data.file("out/report.html"), encoding: .utf8).contains("mlp-iaptt-gm/report.html"))
        #expect { _ = try comparison([.mlp], "none") } throws: { "\($0)".hasSuffix(reason) }
        #expect(!FileManager.default.fileExists(atPath: data.file("none").path))
    }
}

import BilevelOptimization
import Foundation
import MethodCatalogue
import NumericalExampleSupport
import Reporting
import RunSupport
import Testing

/// The facts known of the paper's numerical examples (METHODS: numerical examples), with every default.
@Suite struct NumericalTests {
    private func run(
        _ method: MethodName, from start: (x: Double, y: Double), iterations: Int = 500,
        change: (inout NumericalConfiguration) -> Void = { _ in },
        problem: NumericalProblem = .nonconvex
    ) throws -> NumericalResult {
        var settings = NumericalConfiguration(problem)
        change(&settings)
        let run = try NumericalRun(settings, method: method, start: start)
        for _ in 0..<iterations { #expect(run.step()) }
        return run.result
    }

    private static let starts = [(1.0, 2.0), (5.0, 1.0), (7.0, -1.0)]

    @Test(arguments: zip(starts, [305, 242, 16])) func iapttGMSolvesEquation10(
        _ start: (Double, Double), _ expected: Int
    ) throws {
        let run = try run(.iapttGM, from: start)
        #expect(abs((run.firstIterationBelowOnePercent ?? .max) - expected) <= 10)
        #expect(run.medianRelativeErrorXLast50! <= 0.006)
    }

    @Test(arguments: [MethodName.rhg, .bda, .conjugateGradient, .neumann], starts) func theBaselinesStayAway(
        _ method: MethodName, _ start: (Double, Double)
    ) throws {
        #expect(try run(method, from: start).bestRelativeErrorX! > 0.1)
    }

    @Test func withoutTheProjectionIAGMStalls() throws {
        let run = try run(.iaGM, from: (1, 2)) { $0.isProjected = false }
        #expect(abs(run.rows.last!.relativeErrorX - 0.077) <= 0.002)
        #expect(abs(run.rows.last!.y + 2.113) < 0.01)
        #expect(try self.run(.iaGM, from: (1, 2)).medianRelativeErrorXLast50! < 0.006)
    }

    @Test(arguments: zip(starts, [116, 52, 16])) func theReferencesIndexErrorIsReproduced(
        _ start: (Double, Double), _ expected: Int
    ) throws {
        let run = try run(.iapttGM, from: start) { $0.quirks = [.index] }
        #expect(abs((run.firstIterationBelowOnePercent ?? .max) - expected) <= 3)
    }

    /// With K = 40 finite steps IA-GM leaves a valley of equivalent (x, z): F converges, x to a point near the
    /// solution.
    @Test func accelerationComesCloserOnEquation13() throws {
        let plain = try run(.iaGM, from: (2, 0), iterations: 5_000, problem: .convex),
            fast = try run(.iaGMAccelerated, from: (2, 0), iterations: 5_000, problem: .convex)
        #expect(
            fast.rows[499].distanceX < plain.rows[499].distanceX && fast.rows[499].distanceY < plain.rows[499].distanceY
        )
        for run in [plain, fast] {
            let values = [0, 499, 4_999].map { run.rows[$0].upperValue }
            #expect(
                values[0] > 10 && values[1] < 0.1 && values[2] < 0.005 && values[2] < values[1],
                "F after 1, 500 and 5,000 iterations: \(values)")
        }
        #expect(fast.rows[4_999].distanceX < 0.05)
    }

    @Test func float32AgreesWithFloat64AtTheStart() throws {
        let double = try run(.iapttGM, from: (7, -1), iterations: 10),
            single = try run(.iapttGM, from: (7, -1), iterations: 10) { $0.precision = .float32 }
        #expect(abs(double.rows[9].x - single.rows[9].x) < 1e-4)
    }

    private let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(
        "numerical-\(UUID().uuidString)"
    )
    .path

    /// Runs into a folder until an iteration is reached; the metrics without the seconds, the summary without times and
    /// memory, the page.
    private func write(
        _ settings: NumericalConfiguration, to name: String, until last: Int = .max, resumes: Bool = false
    ) throws -> (metrics: [String], summary: String, page: String) {
        let experiment = try NumericalExperiment(settings, skipsUnsuitable: true, iterationsBetweenCheckpoints: 7)
        let path = "\(scratch)/\(name)"
        let driver = try RunDriver(experiment, output: path, resumes: resumes)
        if last < .max {
            while experiment.iteration < last { try driver.step() }
            return ([], "", "")
        }
        try driver.complete()
        func lines(_ name: String) throws -> [String] {
            try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8).components(separatedBy: "\n")
        }
        return (
            try lines("metrics.csv").map { line in
                line.components(separatedBy: ",").enumerated().filter { $0.offset != 8 }.map(\.element).joined(
                    separator: ",")
            },
            try lines("summary.json").filter { !$0.contains("microseconds") && !$0.contains("peakMemory") }.joined(
                separator: "\n"),
            try lines("report.html").joined(separator: "\n")
        )
    }

    @Test func aRunWritesItsFolderAndTheSameNumbersTwice() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        var settings = NumericalConfiguration(.nonconvex)
        settings.outerIterations = 20
        let first = try write(settings, to: "first"), second = try write(settings, to: "second")
        #expect(first.metrics == second.metrics && first.metrics.count == 1 + 6 * 3 * 20 + 1)
        #expect(first.metrics[0].hasPrefix("run,iteration,x,y,relativeErrorX,") && first.summary == second.summary)
        let summary = try String(contentsOfFile: "\(scratch)/first/summary.json", encoding: .utf8)
        for key in [
            "finalX", "finalY", "bestRelativeErrorX", "medianRelativeErrorXLast50", "relativeErrorF",
            "firstIterationBelowOnePercent", "microsecondsPerIteration",
            "peakMemoryBytes", "meanTruncation",
        ] { #expect(summary.contains("\"\(key)\"")) }
        for heading in ["Figure 1", "Figure 2", "Figure 3", "Table 1", "Ablation"] {
            #expect(first.page.contains(heading))
        }
    }

    /// Killed in a method of the unrolled kind, in one of the penalty kind, between two, at the start and at the end.
    @Test(arguments: [0, 1, 20, 30, 45, 60]) func aKilledRunGoesOnToTheSameNumbers(_ last: Int) throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        var settings = NumericalConfiguration(.quadratic)
        (settings.outerIterations, settings.methods) = (20, [.iaGM, .pbgd, .neumann])
        let whole = try write(settings, to: "whole")
        _ = try write(settings, to: "out", until: last)
        let resumed = try write(settings, to: "out", resumes: true)
        #expect(resumed.metrics == whole.metrics && resumed.summary == whole.summary)
        settings.settings.upperRate = 0.2
        #expect { _ = try write(settings, to: "out", resumes: true) } throws: {
            "\($0)".hasSuffix("a checkpoint of upperRate 0.2 expected, got 0.3")
        }
    }

    @Test func aMethodThatFailsLeavesItsIterationsOut() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        var settings = NumericalConfiguration(.quadratic)
        (settings.outerIterations, settings.methods, settings.lowerRate) = (20, [.iaGM, .rhg], 1e30)
        let whole = try write(settings, to: "whole")
        #expect(whole.metrics.count == 2 && whole.summary.contains("not finite"))
        #expect(try write(settings, to: "whole", resumes: true).summary == whole.summary)
    }

    @Test func wrongSettingsNameTheNearestValidOne() {
        func complaint(
            _ method: MethodName, _ start: (x: Double, y: Double) = (1, 2),
            _ change: (inout NumericalConfiguration) -> Void = { _ in }
        ) -> String {
            var settings = NumericalConfiguration(.nonconvex)
            settings.methods = [method]
            settings.starts = [start]
            change(&settings)
            do { _ = try NumericalExperiment(settings, skipsUnsuitable: false) } catch { return "\(error)" }
            return ""
        }
        #expect(complaint(.iapttGM, (20, 2)).contains("nearest valid choice: 10"))
        #expect(complaint(.iapttGM, (1, -3)).contains("nearest valid choice: -2"))
        #expect(complaint(.rhg) { $0.settings.innerIterations = 0 }.contains("nearest valid choice: 1"))
        #expect(complaint(.rhg) { $0.lowerRate = -1 }.contains("positive number expected, got -1.0"))
        #expect(
            complaint(.fixedPoint) { $0.dynamics = .nesterov }.contains(
                "nearest valid choice: conjugate gradient"))
        #expect(complaint(.soba).contains("nearest valid choice: ls"))
    }
}

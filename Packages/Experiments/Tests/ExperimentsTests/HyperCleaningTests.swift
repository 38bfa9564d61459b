import BilevelOptimization
import Datasets
import Foundation
import LabelCleaningSupport
import MethodCatalogue
import Randomness
import Reporting
import RunSupport
import Tensors
import Testing

@testable import HyperCleaningSupport

/// A folder with small IDX files: two classes of 4x4 images, bright at the top or at the bottom.
final class StripeData {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("stripes-\(UUID().uuidString)").path

    init(count: Int = 120) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        var random = RandomGenerator(seed: 9)
        let labels = (0..<count).map { UInt8($0 % 2) }
        let pixels = labels.flatMap { label in
            (0..<16).map { UInt8(($0 / 8 == Int(label) ? 160 : 20) + Int(random.uniform() * 60)) }
        }
        func extent(_ n: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(n >> $0 & 255) } }
        try Data([0, 0, 8, 3] + extent(count) + extent(4) + extent(4) + pixels).write(
            to: file("train-images-idx3-ubyte"))
        try Data([0, 0, 8, 1] + extent(count) + labels).write(to: file("train-labels-idx1-ubyte"))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> URL { URL(fileURLWithPath: "\(path)/\(name)") }

    var configuration: HyperCleaningConfiguration {
        var configuration = HyperCleaningConfiguration()
        configuration.dataset = .mnist
        configuration.dataDirectory = path
        configuration.network = .linear
        configuration.outerIterations = 60
        configuration.innerIterations = 20
        configuration.lowerRate = 0.5
        configuration.upperRate = 0.1
        configuration.corruption = 0.2
        configuration.trainSize = 40
        configuration.validationSize = 40
        configuration.testSize = 40
        return configuration
    }
}

@Suite struct HyperCleaningTests {
    /// Killed after iteration 7, with its last checkpoint at 5: the whole run's bits and rows come again.
    @Test func aKilledRunGoesOnToTheSameBits() throws {
        let data = try StripeData()
        var settings = data.configuration
        settings.outerIterations = 12
        settings.evaluateEvery = 5
        func advance(_ folder: String, to last: Int, resumes: Bool = false) throws -> HyperCleaningRun {
            let run = try HyperCleaningRun(settings)
            let driver = try RunDriver(run, output: "\(data.path)/\(folder)", resumes: resumes)
            if resumes { #expect(run.iteration == 5 && run.rows.count == 5) }
            if last == 12 { try driver.complete() } else { while run.iteration < last { try driver.step() } }
            return run
        }
        let whole = try advance("whole", to: 12)
        _ = try advance("out", to: 7)
        let second = try advance("out", to: 12, resumes: true)
        #expect(try second.weights == whole.weights && second.accuracyAtEnd() == whole.accuracyAtEnd())
        #expect(second.rows.map(\.report.upperValue) == whole.rows.map(\.report.upperValue))
        func rows(_ folder: String) throws -> [Substring] {
            // Up to the times.
            try String(contentsOf: data.file("\(folder)/metrics.csv"), encoding: .utf8).split(separator: "\n").map {
                $0.split(separator: ",", omittingEmptySubsequences: false)[..<13].joined(separator: ",")[...]
            }
        }
        #expect(try rows("out") == rows("whole"))

        // A finished run has nothing left to do, and y_K is still known.
        func finished() throws -> HyperCleaningRun {
            let run = try HyperCleaningRun(settings)
            try RunDriver(run, output: data.path + "/out", resumes: true).complete()
            return run
        }
        let third = try finished()
        #expect(
            try third.iteration == 12 && third.accuracyAtEnd() == whole.accuracyAtEnd()
                && third.trainingProbabilities().values == whole.trainingProbabilities().values)
        #expect(third.lower.tensors.map(\.scalars) == whole.lower.tensors.map(\.scalars))
        settings.outerIterations = 11
        #expect { _ = try finished() } throws: {
            "\($0)".hasSuffix("a checkpoint of at most 11 iterations expected, got 12")
        }
    }

    @Test func aRunGoesOnWithItsOwnSettingsAndDataOnly() throws {
        let data = try StripeData()
        var settings = data.configuration
        settings.outerIterations = 2
        settings.evaluateEvery = 1
        func complete(resumes: Bool) throws {
            try RunDriver(try HyperCleaningRun(settings), output: data.path + "/out", resumes: resumes).complete()
        }
        try complete(resumes: false)
        func complaint(_ change: (inout HyperCleaningConfiguration) throws -> Void) throws -> String {
            let before = settings
            defer { settings = before }
            try change(&settings)
            do { try complete(resumes: true) } catch { return "\(error)" }
            return ""
        }
        #expect(try complaint { $0.upperRate = 0.2 }.hasSuffix("a checkpoint of upperRate 0.2 expected, got 0.1"))
        #expect(try complaint { $0.seed = .max }.hasSuffix("a checkpoint of seed \(UInt64.max) expected, got 0"))
        #expect(try complaint { $0.innerIterations = 5 }.contains("innerIterations 5 expected"))
        #expect(try complaint { $0.quirks = [.anyClass] }.contains("referenceQuirks"))
        #expect(
            try complaint { $0.acceptsFailedAdjoint = true }.hasSuffix("acceptFailedAdjoint true expected, got false"))
        // More iterations on more threads, looked at more rarely, are the same run.
        #expect(try complaint { ($0.outerIterations, $0.threads, $0.evaluateEvery) = (3, 2, 3) } == "")
        var images = try Data(contentsOf: data.file("train-images-idx3-ubyte"))
        images[20] ^= 1
        try images.write(to: data.file("train-images-idx3-ubyte"))
        #expect(try complaint { $0.outerIterations = 3 }.contains("a checkpoint of dataHash"))
    }

    /// Killed before its first step, before its first file, and before its first checkpoint.
    @Test(arguments: [
        ["last.safetensors"], [],
        ["last.safetensors", "metrics.csv", "configuration.json", "events.out.tfevents.bilevel"],
    ])
    func aRunKilledBeforeItsFirstCheckpointBeginsAgain(_ lost: [String]) throws {
        let data = try StripeData()
        var settings = data.configuration
        settings.outerIterations = 2
        func run(_ folder: String, resumes: Bool, steps: Bool) throws -> [Double] {
            let run = try HyperCleaningRun(settings)
            let driver = try RunDriver(run, output: "\(data.path)/\(folder)", resumes: resumes)
            if steps { try driver.complete() }
            return run.weights
        }
        _ = try run("out", resumes: false, steps: false)
        for name in lost { try FileManager.default.removeItem(at: data.file("out/\(name)")) }
        #expect(try run("out", resumes: true, steps: true) == run("whole", resumes: false, steps: true))
    }

    @Test func whatNobodyKnowsIsNotReported() throws {
        let data = try StripeData()
        var settings = data.configuration
        (settings.corruption, settings.outerIterations, settings.evaluateEvery) = (0, 2, 1)
        let run = try HyperCleaningRun(settings)
        try RunDriver(run, output: data.path + "/out").complete()
        let metrics = try String(contentsOf: data.file("out/metrics.csv"), encoding: .utf8).split(separator: "\n")
        let columns = metrics[0].split(separator: ","),
            cells = metrics[1].split(
                separator: ",", omittingEmptySubsequences: false)
        for column in ["f1", "precision", "recall", "auroc"] {
            #expect(cells[columns.firstIndex(of: column[...])!].isEmpty)
        }
        let summary =
            try JSONSerialization.jsonObject(with: Data(contentsOf: data.file("out/summary.json"))) as! [String: Any]
        for key in ["f1", "precision", "recall", "auroc"] { #expect(summary[key] is NSNull) }
        let events = try Data(contentsOf: data.file("out/events.out.tfevents.bilevel"))
        for tag in ["f1", "precision", "recall", "auroc"] { #expect(events.range(of: Data(tag.utf8)) == nil) }
        let page = try String(contentsOf: data.file("out/report.html"), encoding: .utf8)
        // Pictures are base64, in which any two letters may stand.
        let text = page.replacing(try Regex("base64,[^']*'"), with: "")
        #expect(!text.contains(">F1") && !text.contains("AUROC") && !run.progressText.contains("F1"))
        let comparison = HyperCleaningComparison(
            settings, networks: [.linear], methods: [.iaGM, .rhg], output: data.path + "/comparison")
        try comparison.run(isStopped: { false })
        #expect(!comparison.table.columns.contains("F1") && !comparison.table.columns.contains("AUROC"))
    }

    /// Before the first evaluation there is no accuracy to show.
    @Test func progressShowsWhatIsKnown() throws {
        let data = try StripeData()
        var settings = data.configuration
        settings.evaluateEvery = 2
        let run = try HyperCleaningRun(settings)
        #expect(run.progressText.isEmpty)
        _ = try run.step()
        #expect(run.progressText.hasPrefix("F1 ") && !run.progressText.contains("accuracy"))
        _ = try run.step()
        #expect(run.progressText.contains("accuracy 0.") || run.progressText.contains("accuracy 1."))
    }

    @Test func mislabelledSamplesAreFoundAndTheFolderIsComplete() throws {
        let data = try StripeData()
        let run = try HyperCleaningRun(data.configuration)
        try RunDriver(run, output: data.path + "/out").complete()
        #expect(run.rows.last!.metrics!.f1 > 0.95)
        #expect(run.rows.last!.accuracy! > 0.95)
        let summary =
            try JSONSerialization.jsonObject(with: Data(contentsOf: data.file("out/summary.json"))) as! [String: Any]
        for key in [
            "method", "dataset", "network", "outerIterations", "innerIterations", "seed", "threads", "accuracy",
            "accuracyAtInitialization",
            "f1", "precision", "recall", "auroc", "validationLoss", "secondsPerOuterIteration", "forwardSeconds",
            "backwardSeconds",
            "peakMemoryBytes", "meanTruncation", "dataHash",
        ] { #expect(summary[key] != nil, "\(key)") }
        let weights = try String(contentsOf: data.file("out/weights.csv"), encoding: .utf8).split(separator: "\n")
        #expect(weights.count == 41 && weights[0] == "index,x,sigma,givenLabel,predictedLabel,isCorrupted")
        let suspects = try String(contentsOf: data.file("out/suspects.csv"), encoding: .utf8)
        #expect(suspects.split(whereSeparator: \.isNewline).count == 41)
        #expect(summary["averagePrecision"] as! Double > 0.95)
        #expect(
            try String(contentsOf: data.file("out/report.html"), encoding: .utf8).contains("Most likely mislabelled"))
    }

    /// Ranked by p(given), x beside; a negative weight flags, and its suggestion is another class.
    @Test func suspectsAreRankedByProbability() {
        let suspects = Suspects(
            probabilities: ClassProbabilities(classCount: 2, values: [0.75, 0.25, 0.25, 0.75, 0.5, 0.5, 0.75, 0.25]),
            given: [0, 0, 1, 0], weights: [1, 2, -1, -3])
        #expect(suspects.ranked.map(\.place) == [1, 2, 0, 3])
        #expect(suspects.ranked.map(\.suggested) == [1, 0, 0, 1])
        #expect(suspects.ranked.map(\.isFlagged) == [false, true, false, true])
        #expect(suspects.ranked.map(\.score) == [0.75, 0.5, 0.25, 0.25])
        let metrics = suspects.metrics(isWrong: [false, true, true, false])!
        #expect(metrics.byScore.averagePrecision == 1)
        // By x the order is 3, 2, 0, 1: found at the second and the fourth place.
        #expect(metrics.byWeight.averagePrecision == (1.0 / 2 + 2.0 / 4) / 2)
        #expect(suspects.metrics(isWrong: [false, false, false, false]) == nil)
        let lines = suspects.csv(samples: [7, 5, 3, 1], className: { "class \($0)" }).split(whereSeparator: \.isNewline)
        #expect(lines[1] == "5,class 0,class 1,0.25,0.75,0.75,0,2,0.8807970779778823")
    }

    /// A quarter of the stripes have a wrong label: every plain ranking finds them, and the comparison shows
    /// each.
    @Test func plainRankingsStandBesideTheMethods() throws {
        let data = try StripeData()
        var settings = data.configuration
        (settings.outerIterations, settings.corruption) = (2, 0.25)
        let run = try HyperCleaningRun(settings)
        for (kind, network) in PlainRanking.compared {
            let ranking = run.plain.ranking(kind, network)
            let metrics = ranking.metrics(isWrong: run.corruption.isCorrupted)!
            #expect(metrics.averagePrecision > 0.9, "\(kind) \(network): \(metrics.averagePrecision)")
            #expect(ranking.accuracy > 0.9, "\(kind) \(network): \(ranking.accuracy)")
            // Same seed, same bits.
            #expect(run.plain.ranking(kind, network).scores == ranking.scores)
        }
        let comparison = HyperCleaningComparison(
            settings, networks: [.linear], methods: [.iaGM], output: data.path + "/comparison")
        try comparison.run(isStopped: { false })
        #expect(comparison.table.rows.map { $0[1] } == ["trusted-only", "trusted-only", "margin", "5-fold", "ia-gm"])
        let csv = try String(contentsOf: data.file("comparison/comparison.csv"), encoding: .utf8)
        #expect(csv.split(whereSeparator: \.isNewline).count == 6)
    }

    /// A fifth of the training file's labels is wrong beforehand, the test file's are right: the wrong ones get the
    /// smallest weights.
    @Test func noisyDataOfOnesOwnAreCleanedByACleanTestFile() throws {
        let data = try StripeData(), noisy = Set(stride(from: 0, to: 120, by: 5))
        var labels = try Data(contentsOf: data.file("train-labels-idx1-ubyte"))
        try labels.write(to: data.file("t10k-labels-idx1-ubyte"))
        try FileManager.default.copyItem(
            at: data.file("train-images-idx3-ubyte"), to: data.file("t10k-images-idx3-ubyte"))
        for i in noisy { labels[8 + i] = 1 - labels[8 + i] }
        try labels.write(to: data.file("train-labels-idx1-ubyte"))
        var configuration = data.configuration
        (configuration.corruption, configuration.heldOut) = (0, .test)
        (configuration.trainSize, configuration.validationSize, configuration.testSize) = (120, 60, 60)
        let run = try HyperCleaningRun(configuration)
        for _ in 0..<60 { _ = try run.step() }
        let lowest = run.weights.indices.sorted { run.weights[$0] < run.weights[$1] }.prefix(noisy.count).map {
            run.split.train[$0]
        }
        #expect(noisy.intersection(lowest).count >= noisy.count - 1 && run.rows.last!.accuracy! > 0.95)
        try FileManager.default.removeItem(at: data.file("t10k-labels-idx1-ubyte"))
        #expect { _ = try HyperCleaningRun(configuration) } throws: {
            "\($0)".contains("t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz expected")
        }
    }

    @Test(arguments: HyperCleaningConfiguration.methods) func everyMethodLowersTheValidationLoss(_ method: MethodName)
        throws
    {
        let data = try StripeData()
        var configuration = data.configuration
        configuration.method = method
        configuration.truncationLength = 5
        let run = try HyperCleaningRun(configuration)
        for _ in 0..<30 { _ = try run.step() }
        #expect(run.rows.last!.report.finalUpperValue < run.rows.first!.report.finalUpperValue)
    }

    @Test func theReferencesMomentumServesLearnedStartsOnly() throws {
        let data = try StripeData()
        var configuration = data.configuration
        configuration.quirks = [.nesterov]
        configuration.lowerRate = 0.1
        let run = try HyperCleaningRun(configuration)
        for _ in 0..<30 { _ = try run.step() }
        #expect(run.rows.last!.report.finalUpperValue < run.rows.first!.report.finalUpperValue)
        configuration.method = .rhg
        #expect { _ = try HyperCleaningRun(configuration) } throws: { "\($0)".contains("got rhg") }
    }

    /// Lower steps that jump to and fro: I - αH has eigenvalues below -1, and its series diverges.
    @Test func aFailedAdjointEndsTheRunUnlessItIsAccepted() throws {
        let data = try StripeData()
        var configuration = data.configuration
        (configuration.method, configuration.lowerRate, configuration.adjointIterations) = (.fixedPoint, 20, 200)
        func run(_ folder: String) throws -> Int {
            let run = try HyperCleaningRun(configuration)
            do { try RunDriver(run, output: "\(data.path)/\(folder)").complete() } catch SolverError.adjointFailed {}
            return run.iteration
        }
        #expect(try run("refused") == 0)
        #expect(try String(contentsOf: data.file("refused/summary.json"), encoding: .utf8).contains("linear system"))
        configuration.acceptsFailedAdjoint = true
        #expect(try run("accepted") == 60)
    }

    @Test func methodsWithoutACombinationAreRefused() throws {
        let data = try StripeData()
        var configuration = data.configuration
        configuration.method = .bome
        #expect { _ = try HyperCleaningRun(configuration) } throws: {
            "\($0)".contains(
                "one of iaptt-gm, ia-gm, ia-gm-a, rhg, t-rhg, bda, ls, ns, fixed-point, gmres, one-step, darts "
                    + "expected, got bome")
        }
        #expect(HyperCleaningConfiguration.methods.count == 12)
    }

    /// Stopped in its third run of four, then resumed: the comparison of a whole one.
    @Test func anInterruptedComparisonGoesOnToTheSameNumbers() throws {
        let data = try StripeData()
        var settings = data.configuration
        settings.outerIterations = 8
        settings.evaluateEvery = 2
        func comparison(_ folder: String, resumes: Bool = false) -> HyperCleaningComparison {
            HyperCleaningComparison(
                settings, networks: [.linear, .deepLinear], methods: [.iapttGM, .neumann],
                output: "\(data.path)/\(folder)", resumes: resumes)
        }
        /// Without the seconds.
        func rows(_ folder: String) throws -> [[Substring]] {
            try String(contentsOf: data.file("\(folder)/comparison.csv"), encoding: .utf8).split(separator: "\n").map {
                var cells = $0.split(separator: ",", omittingEmptySubsequences: false)
                cells.removeSubrange(14...15)
                return cells
            }
        }
        let whole = comparison("whole")
        var shown: [Int] = []
        try whole.run(isStopped: { false }) { done, _ in shown.append(done) }
        #expect(shown == [0, 0, 0, 0] + Array(1...32) && whole.entries.count == 4 && whole.table.rows.count == 8)
        #expect(
            whole.entries[0].accuracy! != whole.entries[2].accuracy!
                || whole.entries[0].rows.last!.report.upperValue != whole.entries[2].rows.last!.report.upperValue)

        var done = 0
        try comparison("out").run(isStopped: { done == 19 }) { iterations, _ in done = iterations }
        #expect(try rows("out").count == 8 && rows("out")[7][2] == "3")
        let second = comparison("out", resumes: true)
        try second.run(isStopped: { false })
        #expect(try rows("out") == rows("whole"))
        let page = try String(contentsOf: data.file("out/report.html"), encoding: .utf8)
        #expect(
            page.contains("<a href='deep-linear-ns/report.html'>")
                && FileManager.default.fileExists(atPath: data.file("out/deep-linear-ns/report.html").path))
        #expect(throws: ReportingError.self) { try comparison("out").run(isStopped: { false }) }
        // Another method may join; another seed may not, whatever methods it comes with.
        settings.seed = 1
        let other = HyperCleaningComparison(
            settings, networks: [.mlp], methods: [.rhg, .iaGM], output: data.path + "/out", resumes: true)
        #expect { try other.run(isStopped: { false }) } throws: {
            "\($0)".hasSuffix("a checkpoint of seed 1 expected, got 0")
        }
    }

    @Test func aMethodThatFailsIsListedWithItsReason() throws {
        let data = try StripeData()
        var settings = data.configuration
        settings.outerIterations = 20
        settings.lowerRate = 1e38
        let comparison = HyperCleaningComparison(
            settings, networks: [.deepLinear], methods: [.rhg, .iaGM], output: data.path + "/out")
        try comparison.run(isStopped: { false })
        #expect(comparison.entries.count == 2 && comparison.entries.allSatisfy { $0.failure!.contains("not finite") })
        #expect(try String(contentsOf: data.file("out/comparison.csv"), encoding: .utf8).contains("not finite"))
    }

    @Test func theSameSeedGivesTheSameBitsForAnyNumberOfThreads() throws {
        let data = try StripeData()
        func weights(threads: Int, seed: UInt64) throws -> [Double] {
            var configuration = data.configuration
            configuration.threads = threads
            configuration.seed = seed
            let run = try HyperCleaningRun(configuration)
            for _ in 0..<5 { _ = try run.step() }
            return run.weights
        }
        let one = try weights(threads: 1, seed: 1)
        #expect(try one == weights(threads: 3, seed: 1))
        #expect(try one != weights(threads: 1, seed: 2))
    }

    @Test func aStepSizeThatIsTooLargeStopsTheRunAndKeepsWhatWasLearned() throws {
        let data = try StripeData()
        var configuration = data.configuration
        configuration.lowerRate = 1e38
        configuration.network = .deepLinear
        let driver = try RunDriver(try HyperCleaningRun(configuration), output: data.path + "/out")
        #expect(throws: SolverError.self) { try driver.complete() }
        #expect(try String(contentsOf: data.file("out/summary.json"), encoding: .utf8).contains("not finite"))
    }

    /// Weights of 3e38 are finite, what comes of them is not: an error in the report as in a step, never a figure.
    @Test(arguments: ["y", "z"]) func predictionsThatAreNotFiniteAreAnError(_ variable: String) throws {
        let data = try StripeData()
        var settings = data.configuration
        (settings.outerIterations, settings.evaluateEvery) = (2, 1)
        func complete(_ folder: String, resumes: Bool = false) throws {
            try RunDriver(try HyperCleaningRun(settings), output: "\(data.path)/\(folder)", resumes: resumes).complete()
        }
        try complete("out")
        let path = RunDriver<HyperCleaningRun>.checkpointPath(in: data.path + "/out")
        let good = try Checkpoint(path: path)
        var wild = Checkpoint(notes: good.notes)
        for (name, tensor) in good.tensors {
            let isWild = name.hasPrefix(variable)
            wild.add(isWild ? Tensor(repeating: 3e38, shape: tensor.shape).evaluated() : tensor, as: name)
        }
        try wild.write(to: path)
        let summary = data.file("out/summary.json"), before = try Data(contentsOf: summary)
        #expect { try complete("out", resumes: true) } throws: { error in
            guard case RunError.notFinite(let place, let quantity) = error else { return false }
            return place == "test samples after upper iteration 2"
                && quantity == "the predictions at \(variable == "y" ? "y_K" : "z")"
        }
        #expect(try Data(contentsOf: summary) == before)
    }

    @Test func sizesThatExceedTheDataAreNamed() throws {
        let data = try StripeData()
        var configuration = data.configuration
        configuration.testSize = 41
        #expect(throws: DatasetError.self) { try HyperCleaningRun(configuration) }
    }
}

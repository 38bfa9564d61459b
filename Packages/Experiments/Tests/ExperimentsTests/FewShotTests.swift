import BilevelOptimization
import Datasets
import Foundation
import NeuralLayers
import Randomness
import Reporting
import RunSupport
import Tensors
import Testing

@testable import FewShotSupport

@Suite struct FewShotTests {
    /// A small problem in float64: grey 16 x 16 images, four blocks of 3 channels.
    struct Small: Sendable, CustomTestStringConvertible {
        var taskConvolutions = 0, regularizer = FewShotProblem.Regularizer.none, truncation = Truncation.none
        var threads = 1, rate = 0.02, factor = 0.7, steps = LearnedSteps()
        var normalization = EpisodeNormalization.apart, solution = FewShotProblem.Solution.descent

        var testDescription: String {
            "\(solution), \(normalization), \(taskConvolutions) task convolutions, \(regularizer), "
                + "\(steps.sizes), \(steps.preconditioner)"
        }

        fileprivate var method: Method {
            let learned = Initialization.learned(.adam(rate: 0.01))
            // Heads as in the command, until nothing moves.
            return solution.method(innerIterations: 400, tolerance: 1e-13)
                ?? Method(
                    dynamics: .descent(.gradientDescent(rate: steps.ownRate ? 1 : rate)), innerIterations: 3,
                    initialization: learned, truncation: truncation)
        }

        func solver(
            change: (inout SharedVariables, inout TaskNetwork) -> Void = { _, _ in }
        ) throws -> (solver: FewShotSolver, fill: @Sendable (Int, TaskData) -> Void) {
            var random = RandomGenerator(seed: 6)
            let problem = try FewShotProblem(
                ways: 3, shots: 2, queries: 2, image: (1, 16, 16), backbone: .convnet4, hidden: 3,
                taskConvolutions: taskConvolutions, steps: steps, regularizer: regularizer, solution: solution,
                using: &random, elementType: .float64)
            let template = problem.template(normalization, elementType: .float64)
            let tasks = (0..<3).map { _ in
                let images = (0..<2).map { _ in
                    random.uniform([6, 1, 16, 16], from: 0, to: 1, elementType: .float64)
                }
                return images + [Tensor(factor, elementType: .float64)]
                    + template.statistics.tensors.map {
                        random.uniform($0.shape, from: 0.1, to: 0.4, elementType: .float64)
                    }
            }
            var shared = problem.shared, head = problem.head
            change(&shared, &head)
            let solver = try MetaSolver(
                problem.problem(normalization), method: method, upperRule: .adam(rate: 0.01), upper: shared,
                lower: head, data: template, batchSize: 3, threads: threads)
            return (solver, { index, data in data.assign(tasks[index]) })
        }
    }

    /// Every kind of part: shared and task convolutions, a regularizer that reads the start, learned step sizes, whose
    /// statistics normalize, heads by a formula and by optimality conditions. Coordinates with the largest derivatives.
    @Test(arguments: [
        Small(), Small(regularizer: .distance), Small(taskConvolutions: 1, regularizer: .lq),
        Small(taskConvolutions: 4, regularizer: .distance),
        Small(taskConvolutions: 4, steps: Self.learned { $0.sizes = .perWeight }),
        Small(steps: Self.learned { $0.sizes = .perStep }),
        Small(taskConvolutions: 4, steps: Self.learned { ($0.sizes, $0.preconditioner) = (.perStep, .curvature) }),
        Small(taskConvolutions: 2, regularizer: .distance, steps: Self.learned { $0.normalizes = true }),
        Small(
            taskConvolutions: 2, steps: Self.learned { ($0.normalizes, $0.preconditioner) = (true, .curvature) },
            normalization: .queryGiven),
        Small(normalization: .bySupport), Small(taskConvolutions: 2, normalization: .bySupport),
        Small(normalization: .together), Small(normalization: .given),
        Small(normalization: .bySupport, solution: .prototypes), Small(normalization: .together, solution: .ridge),
        Small(normalization: .together, solution: .logistic),
    ])
    func hypergradientsAgreeWithFiniteDifferences(_ small: Small) throws {
        let (exact, fill) = try small.solver()
        _ = try exact.computeHypergradient(fill: fill)
        func value(_ change: @escaping (inout SharedVariables, inout TaskNetwork) -> Void) throws -> Double {
            let (moved, fill) = try small.solver(change: change)
            return try moved.computeHypergradient(fill: fill).upperValue
        }
        func shifted<Tree: TensorTree>(_ tree: Tree, _ tensor: Int, _ element: Int, _ step: Double) -> Tree {
            var tensors = tree.tensors, scalars = tensors[tensor].scalars
            scalars[element] += step
            tensors[tensor] = Tensor(scalars, shape: tensors[tensor].shape)
            return tree.with(tensors)
        }
        func check(_ slopes: [Tensor], _ move: (Int, Int, Double) throws -> Double) throws {
            for (tensor, slope) in slopes.enumerated() {
                let scalars = slope.scalars, element = scalars.indices.max { abs(scalars[$0]) < abs(scalars[$1]) }!
                let step = 1e-6,
                    difference = (try move(tensor, element, step) - move(tensor, element, -step)) / (2 * step)
                // Max pooling and ReLU have kinks; at these points none is within the step.
                #expect(abs(difference - scalars[element]) <= 1e-6 * max(1, abs(difference)), "tensor \(tensor)")
            }
        }
        try check(exact.hypergradient.tensors) { tensor, element, step in
            try value { x, _ in x = shifted(x, tensor, element, step) }
        }
        guard small.solution == .descent else { return }
        // Without the count of the steps, which has no derivative.
        try check(Array(exact.initializationGradient.tensors.prefix(2 + 4 * small.taskConvolutions))) {
            tensor, element, step in
            try value { _, z in z = shifted(z, tensor, element, step) }
        }
    }

    /// Sizes start at 0.02, K = 3.
    private static func learned(_ choose: (inout LearnedSteps) -> Void) -> LearnedSteps {
        var steps = LearnedSteps()
        (steps.rate, steps.count) = (0.02, 3)
        choose(&steps)
        return steps
    }

    /// At their start learned steps are plain ones: sizes of the rate, identity matrices, each step's scale 1.
    @Test func learnedStepsBeginAsPlainOnes() throws {
        func slopes(_ small: Small) throws -> [Double] {
            let (solver, fill) = try small.solver()
            _ = try solver.computeHypergradient(fill: fill)
            // Of the weights of the linear layer; those of normalizations are shared by the steps or not.
            return solver.initializationGradient.linear.weight.scalars
        }
        let plain = try slopes(Small(taskConvolutions: 2, rate: 0.02))
        for choose: (inout LearnedSteps) -> Void in [
            { $0.sizes = .perStep }, { $0.sizes = .perWeight }, { $0.preconditioner = .curvature },
        ] {
            let found = try slopes(Small(taskConvolutions: 2, steps: Self.learned(choose)))
            #expect(zip(found, plain).allSatisfy { abs($0 - $1) < 1e-13 } && plain.contains { abs($0) > 1e-3 })
        }
    }

    @Test func anyNumberOfThreadsGivesTheSameBits() throws {
        func run(_ threads: Int) throws -> [[Double]] {
            let (solver, fill) = try Small(truncation: .pessimistic, threads: threads).solver()
            for _ in 0..<3 { _ = try solver.step(fill: fill) }
            return (solver.upper.tensors + solver.initialization.tensors).map(\.scalars)
        }
        let one = try run(1)
        #expect(try run(2) == one && run(3) == one)
    }

    /// A picture alone gets the logits that it has in a task, from heads that scale them, and from others.
    @Test(arguments: FewShotProblem.Solution.allCases)
    func adaptedNetworksAnswerAsTasksAre(_ solution: FewShotProblem.Solution) throws {
        let small = Small(normalization: .given, solution: solution)
        var random = RandomGenerator(seed: 6)
        let problem = try FewShotProblem(
            ways: 3, shots: 2, queries: 2, image: (1, 16, 16), backbone: .convnet4, hidden: 3, solution: solution,
            using: &random, elementType: .float64)
        let template = problem.template(.given, elementType: .float64)
        // Small means and variances, so that features are not cut off at zero.
        let images = template.support.count,
            given = template.map {
                random.uniform($0.shape, from: 0, to: $0.count < images ? 0.02 : 1, elementType: .float64)
            }
        func told(_ prediction: FewShotProblem.Prediction) throws -> Tensor {
            let solver = try MetaSolver(
                problem.problem(.given, predicting: prediction), method: small.method, upperRule: .adam(rate: 0.01),
                upper: problem.shared, lower: problem.head, data: template, batchSize: 1)
            return solver.predictions(count: 1) { _, data in data.assign(given.tensors) }[0].prediction
        }
        let network = problem.head.unpacked(from: try told(.network)),
            alone = problem.logits(given.query, problem.shared, network, by: given.statistics).scalars,
            together = try told(.logits).scalars
        #expect(zip(alone, together).allSatisfy { abs($0 - $1) < 1e-12 } && together.contains { abs($0) > 1e-5 })
    }

    private func configuration(_ iterations: Int) -> FewShotConfiguration {
        var c = FewShotConfiguration()
        c.dataset = .glyphs
        c.hidden = 8
        c.metaIterations = iterations
        c.validateEvery = 2
        c.validationEpisodes = 4
        return c
    }

    private let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("few-shot-\(UUID().uuidString)")
        .path

    private func run(
        _ configuration: FewShotConfiguration, _ data: FewShotData, in folder: String, until last: Int? = nil,
        resumes: Bool = false
    ) throws -> FewShotRun {
        let run = try FewShotRun(configuration, data: data)
        let driver = try RunDriver(run, output: "\(scratch)/\(folder)", resumes: resumes)
        if let last { while run.iteration < last { try driver.step() } } else { try driver.complete() }
        return run
    }

    /// Killed before the first checkpoint but the one of the start, on a checkpoint, and between two.
    @Test(arguments: [1, 4, 5]) func aRunGoesOnFromItsCheckpointToTheSameBits(_ last: Int) throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let data = try FewShotData.load(.glyphs, path: "")
        var settings = configuration(6)
        settings.testEpisodes = 6
        let whole = try run(settings, data, in: "whole")
        _ = try run(settings, data, in: "out", until: last)
        let resumed = try run(settings, data, in: "out", resumes: true)
        func bits(_ run: FewShotRun) -> [[Double]] { run.checkpoint.tensors.map(\.tensor.scalars) }
        #expect(bits(whole) == bits(resumed) && whole.best! == resumed.best!)
        #expect(try whole.test(count: 6) == resumed.test(count: 6))
        #expect(whole.rows.map(\.report.upperValue) == resumed.rows.map(\.report.upperValue))
        let files = ["whole", "out"].map {
            try? Data(contentsOf: URL(fileURLWithPath: "\(scratch)/\($0)/episodes.csv"))
        }
        #expect(files[0] != nil && files[0] == files[1])
    }

    @Test func aRunGoesOnWithItsOwnSettingsAndDataOnly() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let data = try FewShotData.load(.glyphs, path: "")
        _ = try run(configuration(2), data, in: "out", until: 1)
        func complaint(_ data: FewShotData, _ change: (inout FewShotConfiguration) -> Void) -> String {
            var settings = configuration(2)
            change(&settings)
            do { _ = try run(settings, data, in: "out", until: 1, resumes: true) } catch { return "\(error)" }
            return ""
        }
        #expect(complaint(data) { $0.seed = 1 }.hasSuffix("a checkpoint of seed 1 expected, got 0"))
        #expect(complaint(data) { $0.upperRate = 0.5 }.hasSuffix("a checkpoint of upperRate 0.5 expected, got 0.001"))
        #expect(complaint(data) { $0.initializationRate = 0.5 }.contains("initializationRate 0.5 expected"))
        #expect(complaint(data) { $0.metaBatch = 2 }.hasSuffix("a checkpoint of metaBatch 2 expected, got 4"))
        #expect(complaint(data) { $0.validateEvery = 1 }.contains("validateEvery"))
        #expect(complaint(data) { $0.gradientLimit = 3 }.hasSuffix("gradientLimit 3 expected, got null"))
        #expect(complaint(try FewShotData.load(.glyphs, path: "", seed: 5)) { _ in }.contains("dataHash"))
        #expect(complaint(data) { ($0.threads, $0.metaIterations, $0.testEpisodes) = (2, 3, 7) } == "")
    }

    /// A signal ends the final test after the present round of episodes: those that there are make the report.
    @Test func aSignalIsAnsweredInTheFinalTest() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        var settings = configuration(1), asked = 0
        (settings.testEpisodes, settings.threads) = (50, 2)
        let run = try FewShotRun(settings, data: try FewShotData.load(.glyphs, path: ""))
        let outcome = try RunDriver(run, output: "\(scratch)/out").complete(isStopped: {
            asked += 1
            // Once before the step, then before each round of two.
            return asked > 4
        })
        #expect(outcome.accuracies.count == 6 && outcome.accuracy != nil)
        #expect(outcome.stoppedBecause == "a signal, after 6 of 50 test episodes")
        let episodes = try String(contentsOfFile: "\(scratch)/out/episodes.csv", encoding: .utf8)
        #expect(episodes.split(separator: "\n").count == 7)
    }

    @Test func aRunStoppedInTrainingIsReportedWithoutATest() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let run = try FewShotRun(configuration(9), data: try FewShotData.load(.glyphs, path: ""))
        let outcome = try RunDriver(run, output: "\(scratch)/out").complete(isStopped: { run.iteration == 1 })
        #expect(outcome.accuracy == nil && outcome.stoppedBecause == "a signal, after 1 of 9 iterations")
        let summary = try String(contentsOfFile: "\(scratch)/out/summary.json", encoding: .utf8)
        #expect(summary.contains("\"accuracy\": null") && !run.progressText.contains("validation"))
    }

    @Test func glyphsAreLearnedInAFewIterations() throws {
        var settings = configuration(40)
        settings.hidden = 16
        settings.upperRate = 3e-3
        let run = try FewShotRun(settings, data: try FewShotData.load(.glyphs, path: ""))
        let before = Samples(try run.test(count: 20).accuracies).mean
        for _ in 0..<40 { _ = try run.step() }
        let after = Samples(try run.test(count: 20).accuracies).mean
        #expect(after > 0.6 && after > before, "\(before) before, \(after) after; chance is 0.2")
    }

    @Test func theLowerRateDecaysByACosine() {
        var c = FewShotConfiguration()
        c.lowerRate = 0.01
        #expect(c.rateFactor(at: 500) == 1)
        c.finalLowerRate = 0.001
        c.decayIterations = 1000
        #expect(
            c.rateFactor(at: 0) == 1 && abs(c.rateFactor(at: 500) - 0.55) < 1e-6
                && abs(c.rateFactor(at: 250) - 0.8682) < 1e-4)
        #expect(c.rateFactor(at: 1000) == 0.1 && c.rateFactor(at: 5000) == 0.1)
    }

    @Test func theRateFactorScalesTheLowerSteps() throws {
        func slopes(_ rate: Double, _ factor: Double) throws -> [Double] {
            let (solver, fill) = try Small(rate: rate, factor: factor).solver()
            _ = try solver.computeHypergradient(fill: fill)
            return solver.hypergradient.tensors.flatMap(\.scalars)
        }
        let decayed = try slopes(0.04, 0.25), small = try slopes(0.01, 1), large = try slopes(0.04, 1)
        func distance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } }
        #expect(distance(decayed, small) < 1e-13 && distance(decayed, large) > 1e-4)
    }

    /// A head that is a formula learns from episodes of more classes than it is tested on, and statistics that are
    /// means over training go with a checkpoint and its resumption.
    @Test(arguments: [FewShotConfiguration.MethodName.prototypes, .ridge, .logistic])
    func headsThatAreSolvedLearnFromOtherWaysAndResume(_ method: FewShotConfiguration.MethodName) throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let data = try FewShotData.load(.glyphs, path: "")
        var settings = configuration(4)
        (settings.method, settings.normalization, settings.trainWays, settings.trainQueries) = (method, .running, 7, 3)
        (settings.finalUpperRate, settings.upperDecayIterations, settings.testEpisodes) = (1e-4, 4, 6)
        let whole = try run(settings, data, in: "whole")
        _ = try run(settings, data, in: "out", until: 3)
        let resumed = try run(settings, data, in: "out", resumes: true)
        func bits(_ run: FewShotRun) -> [[Double]] { run.checkpoint.tensors.map(\.tensor.scalars) }
        #expect(bits(whole) == bits(resumed) && whole.checkpoint.notes == resumed.checkpoint.notes)
        #expect(whole.checkpoint.tensors.contains { $0.name == "selected.statistics.0.mean" })
        #expect(whole.checkpoint.notes["refusal"]?.isEmpty == false)
        let tested = try FewShotRun(settings, data: data)
        try tested.restoreSelected(whole.checkpoint, file: "")
        #expect(try tested.test(count: 6) == whole.test(count: 6))
        // Its statistics are not read where another normalization is asked for.
        settings.normalization = .transductive
        let other = try FewShotRun(settings, data: data)
        try other.restoreSelected(whole.checkpoint, file: "")
        #expect(try other.test(count: 6).accuracies.count == 6)
    }

    /// Training begins with what another run has selected, whose rates and ways of training are its own affair.
    @Test func trainingStartsFromAnotherRunsVariables() throws {
        let data = try FewShotData.load(.glyphs, path: "")
        var settings = configuration(2)
        (settings.method, settings.normalization, settings.trainWays) = (.prototypes, .running, 7)
        let first = try FewShotRun(settings, data: data)
        for _ in 0..<2 { _ = try first.step() }
        (settings.trainWays, settings.upperRate) = (9, 1e-4)
        let second = try FewShotRun(settings, data: data)
        try second.start(from: first.checkpoint, file: "")
        func selected(_ run: FewShotRun) -> [[Double]] {
            run.checkpoint.tensors.filter { $0.name.hasPrefix("selected.x") }.map(\.tensor.scalars)
        }
        #expect(selected(second) == selected(first) && second.iteration == 0)
        _ = try second.step()
        #expect(selected(second) != selected(first))
        settings.hidden = 4
        #expect(throws: CheckpointError.self) {
            try FewShotRun(settings, data: data).start(from: first.checkpoint, file: "")
        }
    }

    @Test func theStartOfAHeadIsForItsOwnWays() throws {
        var settings = configuration(2)
        settings.trainWays = 7
        #expect { _ = try FewShotRun(settings, data: try FewShotData.load(.glyphs, path: "")) } throws: {
            "\($0)".contains("--train-ways") && "\($0)".contains("5")
        }
        (settings.trainWays, settings.normalization, settings.method) = (nil, .running, .maml)
        #expect { _ = try FewShotRun(settings, data: try FewShotData.load(.glyphs, path: "")) } throws: {
            "\($0)".contains("normalization") && "\($0)".contains("support")
        }
    }

    @Test func aCheckpointOfAnotherArchitectureIsRefused() throws {
        let data = try FewShotData.load(.glyphs, path: ""), small = try FewShotRun(configuration(2), data: data)
        var wide = configuration(2)
        wide.hidden = 16
        let other = try FewShotRun(wide, data: data)
        #expect { try other.settings.check(small.checkpoint, file: "a.safetensors") } throws: {
            "\($0)" == "a.safetensors: a checkpoint of hidden 16 expected, got 8"
        }
    }

    @Test func thePairedIntervalHoldsTheDifferenceAndIsNarrowerThanTheSpreads() {
        // Hard and easy episodes in turn; the first method is better by 0.02 or 0.04 on each.
        let second = (0..<200).map { $0 % 2 == 0 ? 0.5 : 0.9 },
            first = second.enumerated().map { $1 + ($0 % 4 < 2 ? 0.02 : 0.04) }
        let comparison = PairedComparison(first, second)
        #expect(abs(comparison.meanDifference - 0.03) < 1e-12 && comparison.interval.contains(0.03))
        #expect(comparison.interval.lowerBound > 0.027 && comparison.interval.upperBound < 0.033)
    }

    @Test func aCheckpointTellsItsSettings() throws {
        var settings = configuration(2)
        settings.method = .rhg
        settings.lowerRate = 0.3
        let run = try FewShotRun(settings, data: try FewShotData.load(.glyphs, path: "")),
            read = try FewShotConfiguration(checkpoint: run.checkpoint, file: "")
        #expect(read.normalization == .transductive)
        // Made before there was the choice.
        var old = run.checkpoint
        for name in ["normalization", "trainWays", "trainQueries"] { old.notes[name] = nil }
        #expect(try FewShotConfiguration(checkpoint: old, file: "").normalization == .transductive)
        #expect(read.method == .rhg && read.lowerRate == 0.3 && read.hidden == 8 && read.ways == 5)
        // Its queries saw other features than the support's.
        settings.method = .logistic
        var former = try FewShotRun(settings, data: try FewShotData.load(.glyphs, path: "")).checkpoint
        #expect(try FewShotConfiguration(checkpoint: former, file: "").method == .logistic)
        former.notes["headFeatures"] = nil
        #expect { _ = try FewShotConfiguration(checkpoint: former, file: "a") } throws: {
            "\($0)".hasSuffix("headFeatures shorter by the root of their number expected, got as they are")
        }
        #expect { _ = try FewShotConfiguration(checkpoint: Checkpoint(), file: "a") } throws: {
            "\($0)".contains("a: a checkpoint of few-shot train with its dataset expected, got none")
        }
    }
}

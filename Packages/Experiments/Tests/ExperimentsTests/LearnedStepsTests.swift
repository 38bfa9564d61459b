import BilevelOptimization
import Datasets
import FewShotSupport
import Foundation
import NeuralLayers
import Randomness
import Reporting
import RunSupport
import Tensors
import Testing

/// Steps that know their number, their layer's size or a metric (MAML++, Meta-Curvature). Their derivatives are among
/// those of `FewShotTests`.
@Suite struct LearnedStepsTests {
    /// Against the sums of the definition, G'[p', i', o'] = Σ F[p', p] I[i', i] O[o', o] G[p, i, o]; the classes of the
    /// last layer are not mixed, vectors are left alone.
    @Test func metaCurvatureIsTheProductOverTheModes() throws {
        var random = RandomGenerator(seed: 3), steps = LearnedSteps()
        steps.preconditioner = .curvature
        let problem = try FewShotProblem(
            ways: 3, shots: 1, queries: 1, image: (1, 16, 16), backbone: .omniglot, hidden: 2, taskConvolutions: 1,
            steps: steps, using: &random, elementType: .float64)
        func drawn<Tree: TensorTree>(_ tree: Tree) -> Tree {
            tree.map { random.normal($0.shape, elementType: .float64).evaluated() }
        }
        let gradient = drawn(problem.head), variables = drawn(problem.shared.steps),
            one = Tensor(1, elementType: .float64),
            turned = steps.direction(gradient, at: problem.head, variables, rateFactor: one)
        #expect(variables.curvature.map(\.count) == [3, 0, 0, 0, 1, 0])

        let g = gradient.blocks[0].convolution.weight.scalars, modes = variables.curvature[0].map(\.scalars),
            found = turned.blocks[0].convolution.weight.scalars
        for (p, i, o) in (0..<9).flatMap({ p in (0..<2).flatMap { i in (0..<2).map { (p, i, $0) } } }) {
            var sum = 0.0
            for (q, j, k) in (0..<9).flatMap({ q in (0..<2).flatMap { j in (0..<2).map { (q, j, $0) } } }) {
                sum += modes[0][9 * p + q] * modes[1][2 * i + j] * modes[2][2 * o + k] * g[4 * q + 2 * j + k]
            }
            #expect(abs(found[4 * p + 2 * i + o] - sum) < 1e-12)
        }
        let matrix = variables.curvature[4][0].scalars, width = gradient.linear.weight.shape[1]
        for (number, value) in turned.linear.weight.scalars.enumerated() {
            let row = gradient.linear.weight.scalars[(number / width * width)...].prefix(width)
            let sum = zip(row, matrix[(number % width * width)...]).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(value - sum) < 1e-12)
        }
        #expect(turned.linear.bias.scalars == gradient.linear.bias.scalars)
        #expect(turned.blocks[0].normalization.scale.scalars == gradient.blocks[0].normalization.scale.scalars)
    }

    private func settings(_ change: (inout FewShotConfiguration) -> Void) -> FewShotConfiguration {
        var settings = FewShotConfiguration()
        (settings.dataset, settings.hidden, settings.method, settings.innerIterations) = (.glyphs, 4, .maml, 2)
        (settings.metaBatch, settings.metaIterations, settings.validateEvery) = (2, 3, 2)
        (settings.validationEpisodes, settings.testEpisodes) = (2, 3)
        change(&settings)
        return settings
    }

    /// Everything at once, with statistics of the last step: it resumes to the same bits, goes with its checkpoint, and
    /// a picture's answer is the same alone, to the bit.
    @Test func perStepStatisticsGoWithTheirCheckpoint() throws {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("steps-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let data = try FewShotData.load(.glyphs, path: ""),
            chosen = settings {
                ($0.normalization, $0.stepSizes, $0.preconditioner) = (.perStep, .perStep, .curvature)
            }
        func run(_ folder: String, until last: Int? = nil, resumes: Bool = false) throws -> FewShotRun {
            let run = try FewShotRun(chosen, data: data)
            let driver = try RunDriver(run, output: "\(scratch)/\(folder)", resumes: resumes)
            if let last { while run.iteration < last { try driver.step() } } else { try driver.complete() }
            return run
        }
        let whole = try run("whole")
        _ = try run("out", until: 2)
        let resumed = try run("out", resumes: true)
        func bits(_ run: FewShotRun) -> [[Double]] { run.checkpoint.tensors.map(\.tensor.scalars) }
        #expect(bits(whole) == bits(resumed) && whole.checkpoint.notes == resumed.checkpoint.notes)
        let names = whole.checkpoint.tensors.map(\.name)
        for name in ["statistics.3.mean", "x.stepSizes.17", "x.curvature.0.2", "x.stepNormalizations.3.shift"] {
            #expect(names.contains("selected.\(name)"), "\(name)")
        }

        var read = try FewShotConfiguration(checkpoint: whole.checkpoint, file: "")
        #expect(read.normalization == .perStep && read.stepSizes == .perStep && read.preconditioner == .curvature)
        // Tested by the query's own statistics, with the scales and shifts that were learned.
        read.normalization = .transductive
        let other = try FewShotRun(read, data: data)
        try other.restoreSelected(whole.checkpoint, file: "")
        #expect(try other.test(count: 3).accuracies.count == 3)

        for place in ["support/0", "support/1", "support/2", "support/3", "support/4", "six", "one"] {
            try FileManager.default.createDirectory(
                atPath: "\(scratch)/\(place)", withIntermediateDirectories: true)
        }
        func write(_ image: Int, _ place: String) throws {
            try Data(PNG.encode(data.test.picture(image))).write(to: URL(fileURLWithPath: "\(scratch)/\(place).png"))
        }
        for label in 0..<5 { try write(data.test.images(ofClass: label).lowerBound, "support/\(label)/a") }
        for image in 1...6 { try write(image, "six/\(image)") }
        try write(4, "one/4")
        func answers(_ query: String, steps: Int? = nil) throws -> [[Double]] {
            var options = FewShotAdaptation.Options()
            options.innerIterations = steps
            return try FewShotAdaptation(
                checkpointPath: "\(scratch)/whole/last.safetensors", support: "\(scratch)/support",
                query: "\(scratch)/\(query)", options: options
            ).guesses.map(\.probabilities)
        }
        let six = try answers("six")
        #expect(try answers("one") == [six[3]] && Set(six).count == 6)
        // Further steps are as the last.
        #expect(try answers("one", steps: 4).count == 1)
    }

    @Test func stepsAreLearnedWhereEveryStepIsDifferentiated() throws {
        let data = try FewShotData.load(.glyphs, path: "")
        func complaint(_ change: (inout FewShotConfiguration) -> Void) -> String {
            do { _ = try FewShotRun(settings(change), data: data) } catch { return "\(error)" }
            return ""
        }
        #expect(complaint { ($0.method, $0.normalization) = (.fomaml, .perStep) }.contains("got fomaml"))
        #expect(complaint { ($0.method, $0.stepSizes) = (.reptile, .perStep) }.contains("got reptile"))
        #expect(complaint { ($0.method, $0.preconditioner) = (.prototypes, .curvature) }.contains("got prototypes"))
        #expect(complaint { ($0.method, $0.stepSizes) = (.metaSGD, .perStep) }.contains("per-weight"))
        #expect(complaint { ($0.method, $0.normalization) = (.iapttGM, .perStep) }.contains("task convolution"))
        #expect(complaint { ($0.method, $0.taskConvolutions, $0.normalization) = (.iapttGM, 1, .perStep) } == "")
        #expect(complaint { ($0.method, $0.stepSizes) = (.anil, .perStep) } == "")
    }
}

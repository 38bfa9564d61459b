import BilevelOptimization
import Datasets
import Foundation
import LabelCleaningSupport
import NeuralLayers
import Randomness
import RunSupport
import Tensors
import Testing

@Suite struct NoiseTransitionTests {
    static let truth = NoiseTransition(classCount: 3, values: [0.7, 0.3, 0, 0, 0.8, 0.2, 0.1, 0, 0.9])

    /// Samples of known class, labels exactly in the transition's proportions.
    static func labelled(_ perClass: Int) -> (probabilities: ClassProbabilities, given: [Int32]) {
        var rows: [Float] = [], given: [Int32] = []
        for k in 0..<3 {
            for g in 0..<3 {
                let count = Int((truth[class: k, label: g] * Double(perClass)).rounded())
                for _ in 0..<count {
                    rows += (0..<3).map { $0 == k ? 0.98 : 0.01 }
                    given.append(Int32(g))
                }
            }
        }
        return (ClassProbabilities(classCount: 3, values: rows), given)
    }

    @Test func theConfidentJointOfACertainClassifierIsTheTransition() {
        let (probabilities, given) = Self.labelled(1000)
        let found = NoiseTransition(confidentJointOf: probabilities, given: given)
        for (a, b) in zip(found.values, Self.truth.values) { #expect(abs(a - b) < 0.002) }  // one pseudo-count a row
    }

    @Test func theTransitionIsTheFixedPointOfReestimation() {
        let (probabilities, given) = Self.labelled(1000)
        var found = NoiseTransition(classCount: 3, values: [0.6, 0.2, 0.2, 0.2, 0.6, 0.2, 0.2, 0.2, 0.6])
        for _ in 0..<60 { found = found.reestimated(probabilities, given: given) }
        for (a, b) in zip(found.values, Self.truth.values) { #expect(abs(a - b) < 0.02) }  // rows of 0.98, not 1
    }

    @Test func thePosteriorIsBayesRule() {
        let probabilities = ClassProbabilities(classCount: 3, values: [0.5, 0.3, 0.2])
        let posterior = Self.truth.posterior(probabilities, given: [1])
        let expected = [0.5 * 0.3, 0.3 * 0.8, 0].map { $0 / (0.5 * 0.3 + 0.3 * 0.8) }
        for k in 0..<3 { #expect(abs(posterior[0, k] - expected[k]) < 1e-6) }
    }

    @Test func evennessIsOneForUniformAndZeroForPairNoise() {
        let uniform = NoiseTransition(classCount: 3, values: [0.6, 0.2, 0.2, 0.2, 0.6, 0.2, 0.2, 0.2, 0.6])
        let pair = NoiseTransition(classCount: 3, values: [0.7, 0.3, 0, 0, 0.7, 0.3, 0.3, 0, 0.7])
        #expect(abs(uniform.evenness - 1) < 1e-12)
        #expect(pair.evenness == 0)
    }
}

@Suite struct LabelScoreTests {
    /// Four classes; half of the labels contradict the network clearly: by its second choice, or by its last.
    static func probabilities(wrongIsSecond: Bool) -> (ClassProbabilities, [Int32]) {
        let rows = [Float](([[Float]](repeating: [0.8, 0.12, 0.05, 0.03], count: 40)).joined())
        let given = (0..<40).map { Int32($0 % 2 == 0 ? 0 : wrongIsSecond ? 1 : 3) }
        return (ClassProbabilities(classCount: 4, values: rows), given)
    }

    @Test(arguments: [(true, NoiseStructure.bySample), (false, .uniform)])
    func whereTheSecondChoiceIsGivenTheErrorIsNoSlip(_ wrongIsSecond: Bool, _ expected: NoiseStructure) {
        let (probabilities, given) = Self.probabilities(wrongIsSecond: wrongIsSecond)
        let even = NoiseTransition(classCount: 4, values: (0..<16).map { $0 % 5 == 0 ? 0.7 : 0.1 })
        var leftOut = LeftOutPredictions(classCount: 4)
        leftOut.add(Array(0..<40), probabilities.values, labels: given)
        #expect(NoiseFinding(leftOut: leftOut, transition: even).structure == expected)
        let scores = LabelScores(
            probabilities: probabilities, posterior: even.posterior(probabilities, given: given), given: given,
            structure: expected, hasTrusted: true)
        #expect(scores.order.prefix(20).allSatisfy { $0 % 2 == 1 })
        #expect(scores.values.allSatisfy { 0...1 ~= $0 })
    }

    /// By 1 - p(given) the order is 0, 1, 2, 3; by the margins 2, 1, 0, 3.
    @Test func evenErrorsAreGivenUpByScoreAndByPlainMarginTogether() {
        let probabilities = ClassProbabilities(
            classCount: 2, values: [0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.99, 0.01])
        func scores(_ structure: NoiseStructure, _ margins: [Double]?) -> LabelScores {
            LabelScores(
                probabilities: probabilities, posterior: probabilities, given: [0, 0, 0, 0], structure: structure,
                plainMargins: margins, hasTrusted: true)
        }
        let both = scores(.uniform, [-1, -2, -3, 4])
        #expect(both.order == [0, 1, 2, 3])
        #expect(both.dispensability == [2, 2, 2, 0])
        #expect(both.flagged(4) == [0, 1, 2])  // of the fourth the network is sure
        #expect(scores(.uniform, [0, -2, -1, 4]).flagged(1) == [1])
        #expect(scores(.uniform, nil).flagged(1) == [0])
        #expect(scores(.bySample, [0, -2, -1, 4]).flagged(1) == [0])
    }

    @Test func plainMarginsAreMeansOfLogitMargins() throws {
        let logits: [[Float]] = [[2, 1, -1], [0, 0.5, 3]]
        var margins = PlainMargins(samples: 2)
        #expect(margins.mean == nil)
        for scale in [Float(1), 2] {
            let scaled = Tensor(logits.joined().map { $0 * scale }, shape: [2, 3])
            margins.add(ClassProbabilities(classCount: 3, values: scaled.softmax().scalars()), given: [0, 1])
        }
        // 2 - 1 and 0.5 - 3, and twice that.
        for (mean, expected) in zip(try #require(margins.mean), [1.5, -3.75]) { #expect(abs(mean - expected) < 1e-5) }
    }

    @Test func withoutTrustedSamplesTheTransitionIsHalfBelieved() {
        let probabilities = ClassProbabilities(classCount: 3, values: [0.6, 0.4, 0])
        let pair = NoiseTransition(classCount: 3, values: [0.5, 0.5, 0, 0, 1, 0, 0, 0, 1])
        func value(_ hasTrusted: Bool) -> Double {
            LabelScores(
                probabilities: probabilities, posterior: pair.posterior(probabilities, given: [0]), given: [0],
                structure: .byClass, hasTrusted: hasTrusted
            ).values[0]
        }
        // Under the transition only class 0 has the label 0; the network alone has 0.2 between the two.
        #expect(abs(value(true) - 0) < 1e-6)
        #expect(abs(value(false) - (1 - (0.8 - 0.2)) / 2) < 1e-6)
    }

    @Test func aMarginIsNegativeWhereAnotherClassIsLikelier() {
        let probabilities = ClassProbabilities(classCount: 3, values: [0.2, 0.5, 0.3])
        #expect(abs(probabilities.margin(of: 0, given: 0) + 0.3) < 1e-6)
        #expect(abs(probabilities.margin(of: 0, given: 1) - 0.2) < 1e-6)
        #expect(probabilities.likeliest(of: 0, otherThan: 1) == 2)
        #expect(probabilities.likeliest(of: 0) == 1)
    }

    @Test func averagePrecisionIsTheMeanOfThePrecisionsAtWrongLabels() throws {
        let metrics = try #require(
            RankingMetrics(isWrong: [true, false, true, false], isFlagged: [true, true, false, false]))
        #expect(abs(metrics.averagePrecision - (1 + 2.0 / 3) / 2) < 1e-12)
        #expect((metrics.precision, metrics.recall, metrics.precisionAt64) == (0.5, 0.5, 0.5))
        #expect(RankingMetrics(isWrong: [false], isFlagged: [true]) == nil)
    }
}

@Suite struct WrongLabelEstimateTests {
    /// r = ν (1 - a) + (1 - ν) r₀, rounded to whole samples.
    static func counts(_ share: Double, _ r0: Double, agreement: Double, given: Int, trusted: Int) -> Contradictions {
        var counts = Contradictions()
        counts.given = given
        counts.givenContradicted = Int(
            ((share * (1 - agreement) + (1 - share) * r0) * Double(given)).rounded())
        counts.trusted = trusted
        counts.trustedContradicted = Int((r0 * Double(trusted)).rounded())
        return counts
    }

    @Test(arguments: [0.0, 0.1, 0.4])
    func theShareIsSolvedFromBothRates(_ share: Double) {
        let uniform = WrongLabelEstimate(
            Self.counts(share, 0.18, agreement: 0.02, given: 10000, trusted: 10000), explained: 0,
            structure: .uniform, classCount: 10)
        #expect(abs(uniform.share - share) < 0.001)
        #expect(uniform.low <= share + 1e-9 && share <= uniform.high && uniform.high - uniform.low < 0.06)
        let bySample = WrongLabelEstimate(
            Self.counts(share, 0.18, agreement: 0.09, given: 10000, trusted: 10000), explained: 0,
            structure: .bySample, classCount: 10)
        #expect(abs(bySample.share - share) < 0.001)
    }

    @Test func fewTrustedSamplesMakeAWideInterval() {
        func width(_ trusted: Int) -> Double {
            let estimate = WrongLabelEstimate(
                Self.counts(0.3, 0.2, agreement: 0.02, given: 2000, trusted: trusted), explained: 0,
                structure: .uniform, classCount: 10)
            return estimate.high - estimate.low
        }
        #expect(width(20) > 2 * width(1000))
    }

    /// Few trusted samples know less than the left-out labels do, many know more.
    @Test func theLikeliestShareCountsMostWhereFewAreTrusted() {
        func share(_ trusted: Int) -> Double {
            WrongLabelEstimate(
                Self.counts(0.4, 0.2, agreement: 0.2 / 9, given: 4000, trusted: trusted), explained: 0,
                likeliest: 0.36, structure: .uniform, classCount: 10
            ).share
        }
        #expect(share(40) < 0.38 && share(40) > 0.36)
        #expect(share(4000) > 0.39)
    }

    @Test func withoutTrustedSamplesItLiesBetweenExplainedAndContradicted() {
        let estimate = WrongLabelEstimate(
            Self.counts(0.3, 0.2, agreement: 0, given: 1000, trusted: 0), explained: 0.25, structure: .uniform,
            classCount: 10)
        #expect((estimate.low, estimate.high) == (0.25, 0.44))
        let told = WrongLabelEstimate(
            Self.counts(0.3, 0.2, agreement: 0, given: 1000, trusted: 0), explained: 0.25, likeliest: 0.28,
            structure: .uniform, classCount: 10)
        #expect((told.low, told.share, told.high) == (0.25, 0.28, 0.44))
    }
}

@Suite struct LikeliestShareTests {
    static func draw(_ chances: [Double], _ random: inout RandomGenerator) -> Int {
        var rest = random.uniform()
        return chances.indices.first { k in
            rest -= chances[k]
            return rest < 0
        } ?? chances.count - 1
    }

    /// Samples of a network that is right as often as it says, labels drawn through `transition`; then the network is
    /// made surer than it may be.
    static func leftOut(
        _ transition: NoiseTransition, count: Int, temperature: Double
    ) -> LeftOutPredictions {
        var random = RandomGenerator(seed: 7)
        let c = transition.classCount
        var rows: [Float] = [], labels: [Int32] = []
        for _ in 0..<count {
            let scores = (0..<c).map { _ in exp(2.5 * random.normal()) }, total = scores.reduce(0, +)
            let chances = scores.map { $0 / total }, k = draw(chances, &random)
            rows += chances.map { Float($0) }
            labels.append(Int32(draw((0..<c).map { transition[class: k, label: $0] }, &random)))
        }
        let probabilities = ClassProbabilities(classCount: c, values: rows).tempered(temperature)
        var result = LeftOutPredictions(classCount: c)
        result.add(Array(0..<count), probabilities.values, labels: labels)
        return result
    }

    static func uniform(_ share: Double) -> NoiseTransition {
        NoiseTransition(classCount: 5, values: (0..<25).map { $0 % 6 == 0 ? 1 - share : share / 4 })
    }

    /// 4,000 labels leave a standard error of about 0.01, and the temperature is one of six.
    @Test(arguments: [0.1, 0.4])
    func evenErrorsOfASureNetworkAreTold(_ share: Double) throws {
        let leftOut = Self.leftOut(Self.uniform(share), count: 4000, temperature: 1 / 1.5)
        let found = try #require(LikeliestShare(leftOut, errors: .even))
        #expect(abs(found.share - share) < 0.04)
        #expect(found.temperature > 1)
        // Taken at its word it contradicts far more labels than are wrong.
        #expect(Double(leftOut.contradictedCount) / 4000 > share + 0.1)
    }

    /// A hundred classes, a network that is seldom right: what is wrong with 300 labels is seen all the same.
    @Test(arguments: [(true, NoiseStructure.uniform), (false, .bySample)])
    func amongManyClassesTheKindOfErrorIsTold(_ isEven: Bool, _ expected: NoiseStructure) {
        var random = RandomGenerator(seed: 11)
        let c = 100
        var rows: [Float] = [], labels: [Int32] = []
        for i in 0..<300 {
            let scores = (0..<c).map { _ in exp(2 * random.normal()) }, total = scores.reduce(0, +)
            let chances = scores.map { $0 / total }, right = Self.draw(chances, &random)
            var wrong = chances
            wrong[right] = 0
            let others = wrong.reduce(0, +)
            let mistaken =
                isEven ? (right + 1 + i % (c - 1)) % c : Self.draw(wrong.map { $0 / others }, &random)
            let label = i % 5 > 0 ? right : mistaken
            rows += chances.map { Float($0) }
            labels.append(Int32(label))
        }
        var leftOut = LeftOutPredictions(classCount: c)
        leftOut.add(Array(0..<300), rows, labels: labels)
        let even = NoiseTransition(classCount: c, values: (0..<(c * c)).map { $0 % (c + 1) == 0 ? 0.8 : 0.2 / 99 })
        let found = NoiseFinding(leftOut: leftOut, transition: even)
        #expect(found.structure == expected)
        #expect((found.likeliestShare == nil) == (expected == .bySample))
    }

    @Test func errorsOfClassesAreTold() throws {
        let pair = NoiseTransition(
            classCount: 5,
            values: (0..<25).map { $0 % 6 == 0 ? 0.7 : $0 % 5 == ($0 / 5 + 1) % 5 ? 0.3 : 0 })
        let found = try #require(
            LikeliestShare(Self.leftOut(pair, count: 4000, temperature: 1), errors: .byClass))
        #expect(abs(found.share - 0.3) < 0.05)
    }

    @Test func withoutLabelsThereIsNoShare() {
        let leftOut = Self.leftOut(Self.uniform(0.2), count: 100, temperature: 1)
        #expect(LikeliestShare(leftOut, errors: .alike) != nil)
        #expect(LikeliestShare(LeftOutPredictions(classCount: 5), errors: .even) == nil)
    }
}

@Suite struct BilevelStepTests {
    static func tensor(_ shape: Shape, _ random: inout RandomGenerator) -> Tensor {
        Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape)
    }

    /// A network, a batch of given samples and one of trusted ones.
    struct Batches {
        let network: Perceptron, images: Tensor, labels: Tensor, clean: Tensor, cleanLabels: Tensor

        init(using random: inout RandomGenerator) {
            network = Perceptron(widths: [5, 7, 3], activation: .relu, using: &random)
            (images, clean) = (BilevelStepTests.tensor([8, 5], &random), BilevelStepTests.tensor([6, 5], &random))
            labels = Tensor((0..<8).map { Int32($0 % 3) })
            cleanLabels = Tensor((0..<6).map { Int32($0 % 3) })
        }

        /// The library's reverse mode through one step of gradient descent on `lowerObjective` is the truth.
        func hypergradient<Upper: TensorTree>(
            at x: Upper, by hypergradient: Hypergradient = .reverse, rate: Double = 1e-4,
            _ lowerObjective: @escaping @Sendable (Upper, Perceptron) -> Tensor
        ) throws -> [Double] {
            // ∇_y F is taken at y_0 by the step, at y_1 by the solver: a rate at which they do not differ.
            let solver = try Solver(
                BilevelProblem<Upper, Perceptron>(
                    upperObjective: { _, y in y(clean).meanCrossEntropy(labels: cleanLabels) },
                    lowerObjective: lowerObjective),
                method: Method(
                    dynamics: .descent(.gradientDescent(rate: rate)), innerIterations: 1, initialization: .fixed,
                    hypergradient: hypergradient),
                upperRule: .gradientDescent(rate: 1), upper: x, lower: network)
            _ = try solver.step()
            return solver.hypergradient.tensors.flatMap { $0.scalars as [Double] }
        }

        /// After one step.
        func step(_ kind: UpperVariable, _ variable: [Tensor], function: WeightFunction? = nil) -> BilevelStep {
            let step = made(kind, function: function)
            if !variable.isEmpty { step.variable.assign(variable) }
            _ = step(on: ThreadPool(threadCount: 1))
            return step
        }

        func made(
            _ kind: UpperVariable, function: WeightFunction? = nil, rate: Double = 1e-3, weightDecay: Double = 0,
            direction: UpperDirection = .oneStep
        ) -> BilevelStep {
            let step = BilevelStep(
                CleaningNetwork(network), kind: kind, sizes: .init(batch: 8, trusted: 0, upper: 6),
                rule: .adam(rate: rate), weightDecay: weightDecay,
                upperRate: 0.5, trustedWeight: 1, function: function, direction: direction, lastSteps: 4)
            step.given.assign([images, labels])
            step.upper.assign([clean, cleanLabels])
            step.dropout.assign([Tensor.ones([8, 7]).evaluated()])
            return step
        }
    }

    /// x moves by half of its derivative over the root mean square of all.
    static func expectMove(_ step: BilevelStep, from x: Tensor, along hypergradient: [Double]) {
        let before: [Double] = x.scalars, after: [Double] = step.variable.tensors[0].scalars
        let scale = (hypergradient.reduce(0) { $0 + $1 * $1 } / 8).squareRoot()
        for (i, h) in hypergradient.enumerated() {
            #expect(abs(after[i] - before[i] + 0.5 * h / scale) < 2e-3)  // y_1 - y_0 is 1e-4 ∇f
        }
    }

    @Test func weightsMoveAlongTheHypergradientOfOneStep() throws {
        var random = RandomGenerator(seed: 3)
        let batches = Batches(using: &random), x = Self.tensor([8], &random)
        let expected = try batches.hypergradient(at: x) { [batches] x, y in
            (x.sigmoid() * y(batches.images).crossEntropy(labels: batches.labels)).mean()
        }
        Self.expectMove(batches.step(.weights, [x]), from: x, along: expected)
    }

    /// A rate at which y stays where it is: the library's series and its limit at the same point.
    @Test(arguments: [UpperDirection.lastSteps, .soba])
    func fartherHypergradientsAreTheLibrarys(_ direction: UpperDirection) throws {
        var random = RandomGenerator(seed: 10)
        let batches = Batches(using: &random), x = Self.tensor([8], &random), decay = 0.5
        let expected = try batches.hypergradient(
            at: x,
            by: direction == .soba
                ? .conjugateGradient(maximumIterations: 100) : .neumann(terms: 4, rate: UpperDirection.rate),
            rate: 1e-9
        ) { [batches] x, y in
            let penalty = y.tensors.reduce(Tensor(0)) { $0 + $1.squared().sum() } * (decay / 2)
            return (x.sigmoid() * y(batches.images).crossEntropy(labels: batches.labels)).mean() + penalty
        }
        let step = batches.made(.weights, rate: 1e-9, weightDecay: decay, direction: direction)
        // v follows its limit by a factor of at most 1 - 0.1 · 0.5 a step.
        for _ in 0..<(direction == .soba ? 300 : 1) {
            step.variable.assign([x])
            _ = step(on: ThreadPool(threadCount: 1))
        }
        Self.expectMove(step, from: x, along: expected)
        let oneStep = try batches.hypergradient(at: x) { [batches] x, y in
            (x.sigmoid() * y(batches.images).crossEntropy(labels: batches.labels)).mean()
        }
        func normalized(_ values: [Double]) -> [Double] {
            let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return values.map { $0 / norm }
        }
        #expect(zip(normalized(expected), normalized(oneStep)).contains { abs($0 - $1) > 0.01 })
    }

    @Test func mixedLabelsMoveAlongTheHypergradientOfOneStep() throws {
        var random = RandomGenerator(seed: 6)
        let batches = Batches(using: &random), x = Self.tensor([8], &random)
        let predicted = Self.tensor([8, 3], &random).softmax().evaluated()
        let expected = try batches.hypergradient(at: x) { [batches] x, y in
            let sigma = x.sigmoid().reshaped(to: [8, 1]), given = batches.labels.oneHot(classes: 3)
            let targets = sigma * given + (1 - sigma) * predicted
            return -(targets * y(batches.images).logSoftmax()).sum(axes: [1]).mean()
        }
        let step = batches.step(.labels, [x, predicted])
        Self.expectMove(step, from: x, along: expected)
        #expect(step.variable.tensors[1].scalars() as [Float] == predicted.scalars() as [Float])
    }

    /// ∇ℓ of what the network says itself is 0: mixed in, it only makes the given label's weight smaller.
    @Test func aLabelMixedWithTheNetworksOwnWordIsAWeight() {
        var random = RandomGenerator(seed: 7)
        let batches = Batches(using: &random), x = Self.tensor([8], &random)
        let own = batches.network(batches.images).softmax().evaluated()
        let mixed: [Float] = batches.step(.labels, [x, own]).network.tensors[0].scalars()
        let weighted: [Float] = batches.step(.weights, [x]).network.tensors[0].scalars()
        let start: [Float] = batches.network.tensors[0].scalars()
        #expect(zip(weighted, start).contains { abs($0 - $1) > 9e-4 })  // Adam's first step is 1e-3 either way
        // Where a derivative is as good as zero, its sign may be another.
        #expect(zip(mixed, weighted).count { abs($0 - $1) < 1e-6 } >= 33)
    }

    @Test func theWeightFunctionMovesAlongTheHypergradientOfOneStep() throws {
        var random = RandomGenerator(seed: 8)
        let batches = Batches(using: &random)
        var function = WeightFunction(classes: 3, using: &random)
        function.byClass = (Self.tensor(function.byClass.shape, &random) * 0.3).evaluated()
        let expected = try batches.hypergradient(at: function) { [batches] theta, y in
            let losses = y(batches.images).crossEntropy(labels: batches.labels)
            return (theta(losses.stopGradient(), labels: batches.labels) * losses).mean()
        }
        let step = batches.step(.weightFunction, [], function: function), tensors = step.state.tensors
        // Behind y and its Adam's memory stand θ and its Adam's memory: first the mean of gradients, after one step
        // a tenth of the first.
        let mean: [Double] = tensors[(4 + 10 + 5)..<(4 + 10 + 10)].flatMap { $0.scalars as [Double] }
        func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        #expect(norm(expected) > 0)
        let cosine = zip(mean, expected).reduce(0) { $0 + $1.0 * $1.1 } / norm(mean) / norm(expected)
        #expect(cosine > 1 - 1e-6)
        // The next step weighs by what θ has become.
        let moved = function.with(Array(tensors[14..<19])), y = batches.network.with(Array(tensors[..<4]))
        let losses = y(batches.images).crossEntropy(labels: batches.labels)
        let weighted: [Double] = (moved(losses, labels: batches.labels) * losses).mean().scalars
        #expect(abs(step(on: ThreadPool(threadCount: 1)) - weighted[0]) < 1e-5)
        #expect(abs(moved.output.bias.scalars[0] - function.output.bias.scalars[0]) > 0.4)  // Adam's first step is 0.5
    }

    /// v ← 0.9 v + ∇f + λ y, y ← y - 0.2 v, twice.
    @Test func gradientDescentKeepsItsMomentum() {
        var random = RandomGenerator(seed: 9)
        let network = Perceptron(widths: [5, 3], activation: .relu, using: &random)
        let images = Self.tensor([8, 5], &random), labels = Tensor((0..<8).map { Int32($0 % 3) })
        var settings = CleaningConfiguration()
        (settings.optimizer, settings.rate) = (.sgd, 0.2)
        let step = BilevelStep(
            CleaningNetwork(network), kind: .none, sizes: .init(batch: 8, trusted: 0, upper: 0), rule: settings.rule,
            weightDecay: 0.01, upperRate: 1, trustedWeight: 1)
        step.given.assign([images, labels])
        var (y, velocity) = (network, network.tensors.map { ($0 * 0).evaluated() })
        for _ in 0..<2 {
            _ = step(on: ThreadPool(threadCount: 1))
            let slopes = gradient(of: y(images).meanCrossEntropy(labels: labels), withRespectTo: y.tensors)
            velocity = zip(velocity, zip(slopes, y.tensors)).map { ($0 * 0.9 + $1.0 + $1.1 * 0.01).evaluated() }
            y = y.with(zip(y.tensors, velocity).map { ($0 - $1 * 0.2).evaluated() })
        }
        for (found, expected) in zip(step.network.tensors, y.tensors) {
            let (found, expected): ([Double], [Double]) = (found.scalars, expected.scalars)
            for (f, e) in zip(found, expected) { #expect(abs(f - e) < 1e-6) }
        }
    }

    @Test func underTheIdentityTheTransitionLeavesTheLossAsItIs() {
        var random = RandomGenerator(seed: 4)
        let network = Perceptron(widths: [5, 3], activation: .relu, using: &random)
        let images = Self.tensor([8, 5], &random), labels = Tensor((0..<8).map { Int32($0 % 3) })
        func loss(_ kind: UpperVariable) -> Double {
            let step = BilevelStep(
                CleaningNetwork(network), kind: kind, sizes: .init(batch: 8, trusted: 0, upper: 0),
                rule: .adam(rate: 1e-3), weightDecay: 0,
                upperRate: 1, trustedWeight: 1)
            step.given.assign([images, labels])
            if kind == .transition {
                step.variable.assign([
                    Tensor(NoiseTransition(identityOf: 3).logarithmsByLabel, shape: [3, 3])
                ])
            }
            return step(on: ThreadPool(threadCount: 1))
        }
        #expect(abs(loss(.transition) - loss(.none)) < 1e-5)  // log(1e-8) in place of log 0
    }

    @Test func theTransitionsLossIsTheLikelihoodOfGivenLabels() {
        var random = RandomGenerator(seed: 5)
        let network = Perceptron(widths: [4, 3], activation: .relu, using: &random)
        let images = Self.tensor([6, 4], &random), labels: [Int32] = [0, 1, 2, 2, 1, 0]
        let step = BilevelStep(
            CleaningNetwork(network), kind: .transition, sizes: .init(batch: 6, trusted: 0, upper: 0),
            rule: .adam(rate: 1e-3), weightDecay: 0,
            upperRate: 1, trustedWeight: 1)
        step.given.assign([images, Tensor(labels)])
        step.variable.assign([Tensor(NoiseTransitionTests.truth.logarithmsByLabel, shape: [3, 3])])
        let p: [Double] = network(images).softmax().scalars
        let expected = labels.enumerated().reduce(0.0) { sum, sample in
            let (i, g) = sample
            let likelihood = (0..<3).reduce(0.0) {
                $0 + p[i * 3 + $1] * NoiseTransitionTests.truth[class: $1, label: Int(g)]
            }
            return sum - log(likelihood) / 6
        }
        #expect(abs(step(on: ThreadPool(threadCount: 1)) - expected) < 1e-5)
    }
}

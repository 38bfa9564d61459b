import Datasets
import Foundation
import LabelCleaningSupport
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

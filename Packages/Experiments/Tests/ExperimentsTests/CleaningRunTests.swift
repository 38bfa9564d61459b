import Datasets
import Foundation
import LabelCleaningSupport
import Randomness
import Reporting
import RunSupport
import Testing

/// Four clouds of points in eight dimensions, of which a fifth are called by another's name.
struct Clouds {
    let samples: LabeledSamples
    let truth: [Int32]
    let trusted: TrustedLabels

    init(count: Int = 600, trustedCount: Int = 60, seed: UInt64 = 1) throws {
        var random = RandomGenerator(seed: seed)
        truth = (0..<count).map { Int32($0 % 4) }
        let values = truth.flatMap { k in (0..<8).map { Float(random.normal() + ($0 == Int(k) ? 3 : 0)) } }
        let noise = try LabelNoise(.uniform, of: truth, classCount: 4, rate: 0.2, using: &random)
        var labels = noise.labels
        for i in 0..<trustedCount { labels[i] = truth[i] }
        samples = LabeledSamples(
            form: .features(8), names: (0..<count).map { "point \($0)" }, labels: labels,
            classNames: ["north", "east", "south", "west"], floats: values)
        trusted = TrustedLabels(
            indices: Array(0..<trustedCount), labels: Array(truth[..<trustedCount]), others: nil)
    }

    var isWrong: [Bool] { zip(samples.labels, truth).map { $0 != $1 } }

    func run(
        _ configuration: CleaningConfiguration = .standard, trusted isTrusted: Bool = true,
        correction: CleaningOutput.Correction = .replace
    ) throws -> CleaningRun {
        try CleaningRun(
            configuration, CleaningData(samples: samples, trusted: isTrusted ? trusted : nil, test: nil),
            output: CleaningOutput(
                data: "clouds", correction: correction, isWrong: isWrong,
                correctedLabels: { changes in
                    Array(
                        changes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value ?? -1)" }
                            .joined(separator: "\n").utf8)
                }))
    }
}

@Suite struct CleaningRunTests {
    static func finished(_ run: CleaningRun) throws -> CleaningOutcome {
        while run.iteration < run.totalIterations { _ = try run.step() }
        return run.outcome(stoppedBecause: nil, isStopped: { false })
    }

    /// Clouds three deviations apart: a perfect classifier errs on 2 to 3% of them.
    @Test(arguments: UpperVariable.allCases, [true, false])
    func everyUpperVariableFindsPlantedErrors(_ kind: UpperVariable, _ isTrusted: Bool) throws {
        var configuration = CleaningConfiguration()
        configuration.upperVariable = kind
        let metrics = try #require(try Self.finished(try Clouds().run(configuration, trusted: isTrusted)).metrics)
        #expect(metrics.averagePrecision > 0.85, "\(kind)")
        #expect(metrics.precisionAt64 > 0.85)
    }

    /// Of ten draws: 9 are expected, fewer than 7 have a chance of 1 in 80.
    @Test func theEstimateHoldsTheTrueNumberMostTimes() throws {
        var held = 0, shares: [String] = []
        for seed in 1...10 {
            let clouds = try Clouds(count: 1200, trustedCount: 200, seed: UInt64(seed))
            let estimate = try #require(try Self.finished(try clouds.run()).verdicts).estimate
            let share = Double(clouds.isWrong.count { $0 }) / Double(1200 - 200)
            if estimate.low <= share && share <= estimate.high { held += 1 }
            #expect(estimate.high - estimate.low < 0.2)
            shares.append("\(share) in \(estimate.low) ... \(estimate.high)")
        }
        #expect(held >= 7, "\(shares)")
    }

    @Test func everySampleHasOneRowTheMostSuspiciousFirst() throws {
        let outcome = try Self.finished(try Clouds().run()), verdicts = try #require(outcome.verdicts).verdicts
        #expect(verdicts.map(\.sample).sorted() == Array(0..<600))
        #expect(zip(verdicts, verdicts.dropFirst()).allSatisfy { $0.score >= $1.score })
        // What is flagged lies at the head, if not in one piece: margins have their word.
        let flagged = try #require(outcome.verdicts).flaggedCount
        #expect(verdicts.prefix(flagged).count(where: \.isFlagged) > flagged * 9 / 10)
        #expect(verdicts.suffix(300).allSatisfy { !$0.isFlagged })
        #expect(verdicts.allSatisfy { !$0.isFlagged || $0.score > 0.1 })
        let suspects = try #require(outcome.files.first { $0.name == "suspects.csv" })
        let lines = String(decoding: suspects.content, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 601)
        #expect(lines[0] == "name,given,suggested,probabilityGiven,probabilitySuggested,score,flagged")
        #expect(outcome.sentence.contains("of 600 labels look wrong"))
        #expect(outcome.page.html.contains("Labels that look wrong"))
    }

    @Test func aTrustedSampleWithAnotherGivenLabelComesFirst() throws {
        let clouds = try Clouds()
        var labels = clouds.samples.labels
        labels[7] = (labels[7] + 1) % 4
        let data = CleaningData(samples: clouds.samples.with(labels: labels), trusted: clouds.trusted, test: nil)
        let output = CleaningOutput(data: "", correction: .replace, correctedLabels: { _ in [] })
        let verdicts = try #require(try Self.finished(CleaningRun(.standard, data, output: output)).verdicts).verdicts
        #expect(verdicts[0].sample == 7 && verdicts[0].isFlagged && verdicts[0].suggested == clouds.truth[7])
        #expect(verdicts.filter { $0.sample < 60 && $0.sample != 7 }.allSatisfy { !$0.isFlagged && $0.score == 0 })
    }

    @Test(arguments: [CleaningOutput.Correction.replace, .drop])
    func flaggedSamplesAreCorrectedOrDropped(_ correction: CleaningOutput.Correction) throws {
        let outcome = try Self.finished(try Clouds().run(correction: correction))
        let flagged = try #require(outcome.verdicts).verdicts.filter(\.isFlagged).sorted { $0.sample < $1.sample }
        let corrected = try #require(outcome.files.first { $0.name == "labels-corrected.csv" })
        let expected = flagged.map { "\($0.sample) \(correction == .drop ? -1 : $0.suggested)" }
        #expect(String(decoding: corrected.content, as: UTF8.self) == expected.joined(separator: "\n"))
        #expect(flagged.allSatisfy { $0.suggested != $0.given })
    }

    @Test func theNumberOfThreadsDoesNotChangeABit() throws {
        func scores(_ threads: Int) throws -> [Double] {
            var configuration = CleaningConfiguration()
            (configuration.threads, configuration.epochs) = (threads, 6)
            return try #require(try Self.finished(try Clouds().run(configuration)).verdicts).verdicts.map(\.score)
        }
        let one = try scores(1)
        #expect(try scores(2) == one)
        #expect(try scores(3) == one)
    }

    /// At the end of a member, inside the next one, and before the transition is first estimated.
    @Test(arguments: [UpperVariable.transition, .weights, .weightFunction, .labels], [3, 8, 13])
    func aRunThatGoesOnEndsInTheSameBits(_ kind: UpperVariable, _ stop: Int) throws {
        var configuration = CleaningConfiguration()
        (configuration.epochs, configuration.upperVariable) = (8, kind)
        if kind == .weights { configuration.hypergradient = .soba }
        let whole = try Self.finished(try Clouds().run(configuration))
        let begun = try Clouds().run(configuration)
        for _ in 0..<stop { _ = try begun.step() }
        let resumed = try Clouds().run(configuration)
        try resumed.restore(begun.checkpoint, iteration: stop, rows: [], file: "checkpoint")
        let outcome = try Self.finished(resumed)
        #expect(outcome.verdicts?.verdicts.map(\.score) == whole.verdicts?.verdicts.map(\.score))
        #expect(outcome.verdicts?.estimate == whole.verdicts?.estimate)
    }

    @Test func aRunStoppedBeforeItLearnedAnythingSaysSo() throws {
        let outcome = try Clouds().run().outcome(stoppedBecause: "a signal", isStopped: { true })
        #expect(outcome.verdicts == nil && outcome.files.isEmpty)
        #expect(outcome.page.html.contains("a signal"))
    }

    @Test func fewerThanTwentyTrustedSamplesAreRefused() throws {
        #expect(throws: CleaningError.tooFew(what: "trusted samples, or none", least: 20, got: 19)) {
            try Clouds(trustedCount: 19).run()
        }
    }

    @Test(arguments: LabelNoiseKind.allCases)
    func plantedErrorsLeaveTrustedLabelsAlone(_ kind: LabelNoiseKind) throws {
        let clouds = try Clouds(), right = clouds.samples.with(labels: clouds.truth)
        let planted = try PlantedErrors(kind, rate: 0.25, in: right, but: clouds.trusted, .standard)
        #expect(planted.isWrong.count { $0 } == 135)  // a quarter of 540
        #expect(!planted.isWrong[..<60].contains(true))
        #expect(zip(planted.samples.labels, clouds.truth).map { $0 != $1 } == planted.isWrong)
    }
}

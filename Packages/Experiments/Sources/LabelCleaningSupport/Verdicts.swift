import Datasets

/// What was found out about every sample of the data.
package struct Verdicts: Sendable {
    package struct Verdict: Sendable {
        /// Its place in the data.
        package let sample: Int
        package let given: Int32, suggested: Int32
        package let probabilityGiven: Double, probabilitySuggested: Double
        /// The larger, the more suspicious; in [0, 1].
        package let score: Double
        package let isFlagged: Bool
    }

    /// The most suspicious first; trusted samples of the data last, but for those whose given label is known to be
    /// wrong, which come first.
    package let verdicts: [Verdict]
    package let estimate: WrongLabelEstimate
    package let structure: NoiseStructure

    package var flaggedCount: Int { verdicts.count(where: \.isFlagged) }

    init(
        _ data: CleaningData, probabilities: ClassProbabilities, transition: NoiseTransition,
        plainMargins: [Double]?, leftOut: CleaningTraining.LeftOut
    ) {
        let labels = data.givenLabels
        let posterior = transition.posterior(probabilities, given: labels)
        let noise = NoiseFinding(leftOut: leftOut.given, transition: transition)
        let scores = LabelScores(
            probabilities: probabilities, posterior: posterior, given: labels,
            structure: noise.structure, plainMargins: plainMargins, hasTrusted: !data.trusted.isEmpty)
        let explained =
            labels.isEmpty
            ? 0
            : 1 - labels.enumerated().reduce(0) { $0 + posterior[$1.offset, Int($1.element)] } / Double(labels.count)
        estimate = WrongLabelEstimate(
            Contradictions([leftOut.given, leftOut.plain], leftOut.trusted), explained: explained,
            likeliest: noise.likeliestShare?.share, structure: noise.structure, classCount: data.classCount)
        structure = noise.structure
        let flagged = scores.flagged(Int((estimate.share * Double(labels.count)).rounded()))
        let found = scores.order.map { i in
            let given = labels[i], isFlagged = flagged.contains(i)
            let suggested = isFlagged ? Int(scores.suggested[i]) : probabilities.likeliest(of: i)
            return Verdict(
                sample: data.given[i].index, given: given, suggested: Int32(suggested),
                probabilityGiven: probabilities[i, Int(given)], probabilitySuggested: probabilities[i, suggested],
                score: scores.values[i], isFlagged: isFlagged)
        }
        let known = data.trusted.filter { $0.source == .samples }.map { entry in
            let given = data.samples.labels[entry.index], isWrong = given != entry.label
            return Verdict(
                sample: entry.index, given: given, suggested: entry.label, probabilityGiven: isWrong ? 0 : 1,
                probabilitySuggested: 1, score: isWrong ? 1 : 0, isFlagged: isWrong)
        }
        verdicts = known.filter(\.isFlagged) + found + known.filter { !$0.isFlagged }
    }

    /// For each pair of classes how many flagged samples are given the first and suggested the second.
    package var confusions: [(given: Int32, suggested: Int32, count: Int)] {
        let pairs = Dictionary(grouping: verdicts.filter(\.isFlagged)) { [$0.given, $0.suggested] }
        return pairs.map { ($0.key[0], $0.key[1], $0.value.count) }
            .sorted { (-$0.count, $0.given, $0.suggested) < (-$1.count, $1.given, $1.suggested) }
    }
}

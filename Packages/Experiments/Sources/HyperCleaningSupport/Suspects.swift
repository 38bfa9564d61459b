import LabelCleaningSupport
import Reporting
import RunSupport

/// The training samples by how improbable y_K finds their given labels, with the weights beside.
///
/// 1 - p(given) finds wrong labels better than x does: a weight moves only while its sample's gradient disagrees with
/// the validation samples', the network's probability speaks of every sample alike.
package struct Suspects: Sendable {
    package struct Suspect: Sendable {
        /// Its place among the training samples.
        let place: Int
        let given: Int32, suggested: Int32
        let probabilityGiven: Double, probabilitySuggested: Double
        /// x; negative where the sample is left out.
        let weight: Double

        /// The larger, the more suspicious; in [0, 1].
        var score: Double { 1 - probabilityGiven }
        var isFlagged: Bool { weight < 0 }
    }

    /// The most suspicious first; of equal ones the earlier.
    package let ranked: [Suspect]

    /// - Parameters:
    ///   - probabilities: y_K's, [samples, classes].
    ///   - weights: x, one a sample.
    package init(probabilities: ClassProbabilities, given: [Int32], weights: [Double]) {
        ranked = given.indices.map { i in
            let label = Int(given[i])
            let suggested = probabilities.likeliest(of: i, otherThan: weights[i] < 0 ? label : -1)
            return Suspect(
                place: i, given: given[i], suggested: Int32(suggested), probabilityGiven: probabilities[i, label],
                probabilitySuggested: probabilities[i, suggested], weight: weights[i])
        }.sorted { (-$0.score, $0.place) < (-$1.score, $1.place) }
    }

    /// How well this ranking finds the wrong labels, and how well the order of the weights does.
    func metrics(isWrong: [Bool]) -> (byScore: RankingMetrics, byWeight: RankingMetrics)? {
        func metrics(_ order: [Suspect]) -> RankingMetrics? {
            RankingMetrics(isWrong: order.map { isWrong[$0.place] }, isFlagged: order.map(\.isFlagged))
        }
        let byWeight = ranked.sorted { ($0.weight, $0.place) < ($1.weight, $1.place) }
        guard let score = metrics(ranked), let weight = metrics(byWeight) else { return nil }
        return (score, weight)
    }

    /// - Parameters:
    ///   - samples: the place of each in the training file, its name there.
    ///   - className: of a label.
    func csv(samples: [Int], className: (Int32) -> String) -> String {
        let header = [
            "name", "given", "suggested", "probabilityGiven", "probabilitySuggested", "score", "flagged", "x", "sigma",
        ]
        return CSV.text(
            [header]
                + ranked.map { suspect in
                    [
                        "\(samples[suspect.place])", className(suspect.given), className(suspect.suggested),
                        numberText(suspect.probabilityGiven), numberText(suspect.probabilitySuggested),
                        numberText(suspect.score), suspect.isFlagged ? "1" : "0", numberText(suspect.weight),
                        numberText(sigmoid(suspect.weight)),
                    ]
                })
    }
}

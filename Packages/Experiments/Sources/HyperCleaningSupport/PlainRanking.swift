import Datasets
import LabelCleaningSupport
import NeuralLayers
import Randomness
import Tensors

/// What finds wrong labels without an upper level: shown beside the methods, so that one sees what the weights add.
package struct PlainRanking: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// A network of the validation samples alone.
        case trustedOnly = "trusted-only"
        /// A network of the noisy samples: how far the given label's logit was ahead, on average over the training
        /// (area under the margin; Pleiss et al. 2020).
        case margin
        /// Five networks, each of the validation samples and four fifths of the noisy ones, asked about the rest
        /// (self-confidence; Northcutt et al. 2021).
        case fiveFold = "5-fold"
    }

    /// What a comparison shows.
    static let compared: [(kind: Kind, network: HyperCleaningNetwork)] = [
        (.trustedOnly, .linear), (.trustedOnly, .mlp), (.margin, .mlp), (.fiveFold, .mlp),
    ]

    package let kind: Kind
    package let network: HyperCleaningNetwork
    /// One a training sample: the larger, the more suspicious.
    package let scores: [Double]
    /// On the test part; the mean of the five networks' predictions where there are five.
    package let accuracy: Double
    package let seconds: Double

    /// Nil where the truth is not known.
    func metrics(isWrong: [Bool]) -> RankingMetrics? {
        let order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        return RankingMetrics(
            isWrong: order.map { isWrong[$0] }, isFlagged: [Bool](repeating: false, count: order.count))
    }
}

/// The samples of a run, as the plain rankings take them.
struct PlainRankingData {
    /// [samples, values] each.
    let training: [Float], validation: [Float], test: [Float]
    let trainingLabels: [Int32], validationLabels: [Int32], testLabels: [Int32]
    let classCount: Int
    let seed: UInt64, threads: Int

    func ranking(_ kind: PlainRanking.Kind, _ network: HyperCleaningNetwork) -> PlainRanking {
        let clock = ContinuousClock(), start = clock.now
        var random = RandomGenerator(seed: seed, stream: .plainRanking)
        let pool = ThreadPool(threadCount: threads)
        func trained(
            _ images: [Float], _ labels: [Int32], observe: (Perceptron) -> Void = { _ in }
        ) -> Perceptron {
            Classifier(
                network, images: images, labels: labels, classCount: classCount, on: pool, using: &random,
                observe: observe
            ).network
        }
        let scores: [Double], networks: [Perceptron]
        switch kind {
        case .trustedOnly:
            networks = [trained(validation, validationLabels)]
            let said = probabilities(networks[0], training)
            scores = trainingLabels.enumerated().map { 1 - said[$0.offset, Int($0.element)] }
        case .margin:
            var sum = [Double](repeating: 0, count: trainingLabels.count)
            var logitsOf: CompiledFunction?
            let images = Tensor(training, shape: [trainingLabels.count, values])
            networks = [
                trained(training, trainingLabels) { network in
                    let function = logitsOf ?? CompiledFunction(of: network, images) { $0($1) }
                    logitsOf = function
                    let logits = ClassProbabilities(
                        classCount: classCount, values: function(network.tensors, [images], pool: pool)[0][0].scalars())
                    for (i, label) in trainingLabels.enumerated() { sum[i] -= logits.margin(of: i, given: Int(label)) }
                }
            ]
            scores = sum
        case .fiveFold:
            var found = [Double](repeating: 0, count: trainingLabels.count)
            let order = random.permutation(of: trainingLabels.count)
            networks = (0..<5).map { fold in
                let (out, kept) = (
                    stride(from: fold, to: order.count, by: 5).map { order[$0] },
                    order.enumerated().filter { $0.offset % 5 != fold }.map(\.element)
                )
                let network = trained(
                    rows(kept) + validation, kept.map { trainingLabels[$0] } + validationLabels)
                let said = probabilities(network, rows(out))
                for (row, i) in out.enumerated() { found[i] = 1 - said[row, Int(trainingLabels[i])] }
                return network
            }
            scores = found
        }
        let accuracy = accuracy(networks)
        let elapsed = clock.now - start
        return PlainRanking(
            kind: kind, network: network, scores: scores, accuracy: accuracy,
            seconds: Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
    }

    private var values: Int { training.count / trainingLabels.count }

    private func rows(_ places: [Int]) -> [Float] {
        places.flatMap { training[($0 * values)..<(($0 + 1) * values)] }
    }

    private func probabilities(_ network: Perceptron, _ images: [Float]) -> ClassProbabilities {
        let said = network(Tensor(images, shape: [images.count / values, values])).softmax()
        return ClassProbabilities(classCount: classCount, values: said.scalars())
    }

    private func accuracy(_ networks: [Perceptron]) -> Double {
        var sum = probabilities(networks[0], test)
        for network in networks.dropFirst() {
            let said = probabilities(network, test)
            for i in sum.values.indices { sum.values[i] += said.values[i] }
        }
        let right = testLabels.indices.count { sum.likeliest(of: $0) == Int(testLabels[$0]) }
        return Double(right) / Double(testLabels.count)
    }
}

extension RandomStream {
    /// Weights, batches and folds of the plain rankings.
    fileprivate static let plainRanking = RandomStream("plain ranking", number: 5)
}

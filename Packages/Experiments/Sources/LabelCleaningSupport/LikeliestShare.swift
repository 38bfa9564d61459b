import Foundation

/// The share of wrong labels under which the labels of samples that networks were not taught are likeliest:
/// maximum of Σ_i log Σ_k q(k | u_i) T[k, v_i], with q ∝ p^(1/τ).
///
/// T has one number where errors fall on any class alike, else it is free, found by expectation maximization. The
/// temperature τ is chosen with it: a network that is too sure of itself would take its own errors for wrong labels.
/// No trusted samples are needed, and some 1,000 labels tell the share to two or three hundredths; where a sample's
/// label errs after its own likeness no T tells errors of labels from those of networks.
package struct LikeliestShare: Sendable, Hashable {
    package let share: Double
    package let temperature: Double
    let logLikelihood: Double

    private static let temperatures = [0.6, 0.7, 0.85, 1, 1.2, 1.5], iterations = 60

    /// Which class a wrong label names.
    package enum Errors: Sendable {
        /// Any other alike: (1 - q(v)) / (c - 1).
        case even
        /// One that the sample resembles: Σ_{k ≠ v} q(k) · q(v) / (1 - q(k)).
        case alike
        /// As T says, for each class apart.
        case byClass
    }

    /// Nil where there are no samples.
    package init?(_ leftOut: LeftOutPredictions, errors: Errors) {
        guard leftOut.count > 0, leftOut.probabilities.classCount > 1 else { return nil }
        let fits = LikeliestShare.temperatures.map { temperature in
            let tempered = leftOut.probabilities.tempered(temperature)
            return errors == .byClass
                ? LikeliestShare(byClass: tempered, leftOut.labels, temperature)
                : LikeliestShare(pooled: tempered, leftOut.labels, isEven: errors == .even, temperature)
        }
        self = fits.max { $0.logLikelihood < $1.logLikelihood }!
    }

    /// p(v) = (1 - ν) q(v) + ν r(v), where r says which class a wrong label names.
    private init(pooled q: ClassProbabilities, _ labels: [Int32], isEven: Bool, _ temperature: Double) {
        let chances = labels.enumerated().map { i, label in
            let right = q[i, Int(label)]
            if isEven { return (right: right, wrong: (1 - right) / Double(q.classCount - 1)) }
            let others = (0..<q.classCount).reduce(0.0) {
                $1 == Int(label) ? $0 : $0 + q[i, $1] / max(1 - q[i, $1], 1e-6)
            }
            return (right: right, wrong: right * others)
        }
        var share = 0.3
        func total(_ chance: (right: Double, wrong: Double)) -> Double {
            max((1 - share) * chance.right + share * chance.wrong, 1e-30)
        }
        for _ in 0..<LikeliestShare.iterations {
            share = chances.reduce(0) { $0 + share * $1.wrong / total($1) } / Double(chances.count)
        }
        (self.share, self.temperature) = (share, temperature)
        logLikelihood = chances.reduce(0) { $0 + log(total($1)) }
    }

    private init(byClass q: ClassProbabilities, _ labels: [Int32], _ temperature: Double) {
        let c = q.classCount, half = 0.5 / Double(c - 1)
        var transition = NoiseTransition(
            classCount: c, values: (0..<(c * c)).map { $0 % (c + 1) == 0 ? 0.5 : half })
        for _ in 0..<LikeliestShare.iterations { transition = transition.reestimated(q, given: labels) }
        var wrong = 0.0, logLikelihood = 0.0
        for (i, label) in labels.enumerated() {
            var total = 0.0
            for k in 0..<c {
                total += q[i, k] * transition[class: k, label: Int(label)]
                wrong += q[i, k] * (1 - transition[class: k, label: k])
            }
            logLikelihood += log(max(total, 1e-30))
        }
        (share, self.temperature, self.logLikelihood) = (wrong / Double(labels.count), temperature, logLikelihood)
    }
}

extension ClassProbabilities {
    /// p^(1/τ), rows scaled to sum to 1: surer below τ = 1, less sure above it.
    package func tempered(_ temperature: Double) -> ClassProbabilities {
        guard temperature != 1 else { return self }
        var result = self
        for i in 0..<count {
            let row = row(i).map { pow(Double($0), 1 / temperature) }, total = max(row.reduce(0, +), 1e-30)
            for (k, value) in row.enumerated() { result.values[i * classCount + k] = Float(value / total) }
        }
        return result
    }
}

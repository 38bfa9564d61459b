import Foundation
import RunSupport

/// How labels go wrong by class: row k, column g is the chance that a sample of class k carries the label g (the
/// transition matrix of Patrini et al. 2017). Upper variable of the cleaning problem.
package struct NoiseTransition: Sendable, Hashable {
    package let classCount: Int
    /// [classes, classes], rows that sum to 1.
    package private(set) var values: [Double]

    package init(classCount: Int, values: [Double]) {
        self.classCount = classCount
        self.values = values
    }

    /// No label is wrong.
    package init(identityOf classCount: Int) {
        self.init(
            classCount: classCount,
            values: (0..<(classCount * classCount)).map { $0 % (classCount + 1) == 0 ? 1 : 0 })
    }

    package subscript(class k: Int, label g: Int) -> Double { values[k * classCount + g] }

    /// From counts of (true class, given label), with one pseudo-count a row.
    private init(counts: [Double], classCount: Int) {
        let smoothed = counts.map { $0 + 1 / Double(classCount) }
        let totals = (0..<classCount).map { k in smoothed[(k * classCount)..<((k + 1) * classCount)].reduce(0, +) }
        self.init(classCount: classCount, values: smoothed.indices.map { smoothed[$0] / totals[$0 / classCount] })
    }

    /// The confident joint (Northcutt et al. 2021): a sample counts as of the likeliest class among those that it is
    /// as likely of as their own samples are on average; columns are scaled to the numbers of the given labels.
    package init(confidentJointOf probabilities: ClassProbabilities, given: [Int32]) {
        let c = probabilities.classCount
        var sums = [Double](repeating: 0, count: c), counts = sums
        for (i, g) in given.enumerated() {
            sums[Int(g)] += probabilities[i, Int(g)]
            counts[Int(g)] += 1
        }
        let thresholds = (0..<c).map { counts[$0] > 0 ? sums[$0] / counts[$0] : 2 }
        var joint = [Double](repeating: 0, count: c * c), columns = sums.map { _ in 0.0 }
        for (i, g) in given.enumerated() {
            let confident = (0..<c).filter { probabilities[i, $0] >= thresholds[$0] }
            guard let k = confident.max(by: { probabilities[i, $0] < probabilities[i, $1] }) else { continue }
            joint[k * c + Int(g)] += 1
            columns[Int(g)] += 1
        }
        for k in 0..<c { for g in 0..<c where columns[g] > 0 { joint[k * c + g] *= counts[g] / columns[g] } }
        self.init(counts: joint, classCount: c)
    }

    /// The chance of each class, given what a classifier says of a sample and its label (Bayes).
    package func posterior(_ probabilities: ClassProbabilities, given: [Int32]) -> ClassProbabilities {
        let c = classCount
        var result = probabilities
        for (i, g) in given.enumerated() {
            var total = 0.0
            for k in 0..<c { total += probabilities[i, k] * values[k * c + Int(g)] }
            for k in 0..<c {
                result.values[i * c + k] = Float(probabilities[i, k] * values[k * c + Int(g)] / max(total, 1e-30))
            }
        }
        return result
    }

    /// The transition under which given labels are likeliest, where each sample's class is as likely as its posterior
    /// under this one: a step of expectation maximization (Dempster et al. 1977).
    package func reestimated(_ probabilities: ClassProbabilities, given: [Int32]) -> NoiseTransition {
        let posterior = posterior(probabilities, given: given), c = classCount
        var counts = [Double](repeating: 0, count: c * c)
        for (i, g) in given.enumerated() { for k in 0..<c { counts[k * c + Int(g)] += posterior[i, k] } }
        return NoiseTransition(counts: counts, classCount: c)
    }

    /// How evenly wrong labels spread over the other classes, mean over classes: 1 where all are alike or no label is
    /// wrong, 0 where each class has one that its samples are taken for. (Entropy over that of the uniform
    /// distribution.)
    package var evenness: Double {
        guard classCount > 2 else { return 1 }
        let entropies = (0..<classCount).map { k in
            let others = (0..<classCount).filter { $0 != k }.map { values[k * classCount + $0] }
            let total = others.reduce(0, +)
            guard total > 0 else { return log(Double(classCount - 1)) }
            return others.reduce(0) { $1 > 0 ? $0 - $1 / total * log($1 / total) : $0 }
        }
        return entropies.reduce(0, +) / Double(classCount) / log(Double(classCount - 1))
    }

    /// log(T + 1e-8), column by column: row g holds the logarithms for label g.
    package var logarithmsByLabel: [Float] {
        (0..<(classCount * classCount)).map {
            Float(log(values[$0 % classCount * classCount + $0 / classCount] + 1e-8))
        }
    }
}

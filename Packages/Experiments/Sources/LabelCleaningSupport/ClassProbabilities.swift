import Foundation
import RunSupport

/// What a classifier says of each sample: [samples, classes], rows that sum to 1.
package struct ClassProbabilities: Sendable {
    package let classCount: Int
    package var values: [Float]

    package init(classCount: Int, values: [Float], file: StaticString = #fileID, line: UInt = #line) {
        require(
            classCount > 0 && values.count % classCount == 0,
            "probabilities: rows of \(classCount) numbers expected, got \(values.count) numbers", file: file,
            line: line)
        self.classCount = classCount
        self.values = values
    }

    package var count: Int { values.count / classCount }

    package subscript(sample: Int, label: Int) -> Double { Double(values[sample * classCount + label]) }

    func row(_ sample: Int) -> ArraySlice<Float> { values[(sample * classCount)..<((sample + 1) * classCount)] }

    func mean(with other: ClassProbabilities) -> ClassProbabilities {
        ClassProbabilities(classCount: classCount, values: zip(values, other.values).map { ($0 + $1) / 2 })
    }

    /// The rows of some samples, one after the other.
    func rows(_ samples: [Int]) -> [Float] { samples.flatMap { row($0) } }

    /// The likeliest class other than `label`, the first of several.
    package func likeliest(of sample: Int, otherThan label: Int) -> Int {
        let row = row(sample)
        return row.indices.lazy.filter { $0 - row.startIndex != label }
            .reduce(row.startIndex + (label == 0 ? 1 : 0)) { row[$1] > row[$0] ? $1 : $0 } - row.startIndex
    }

    package func likeliest(of sample: Int) -> Int { likeliest(of: sample, otherThan: -1) }

    /// p(given label) minus the largest of the others: negative where another class is likelier.
    package func margin(of sample: Int, given label: Int) -> Double {
        self[sample, label] - self[sample, likeliest(of: sample, otherThan: label)]
    }

    /// The same of logits: log p(given label) minus the largest of the others.
    package func logarithmicMargin(of sample: Int, given label: Int) -> Double {
        let other = likeliest(of: sample, otherThan: label)
        return log(max(self[sample, label], 1e-30)) - log(max(self[sample, other], 1e-30))
    }
}

/// The mean of what a network says while it is trained: a steadier witness than its last word (in-sample scores and
/// their running means: Pleiss et al. 2020).
package struct RunningProbabilities: Sendable {
    var terms: RunningMean
    let classCount: Int

    init(samples: Int, classCount: Int) {
        self.classCount = classCount
        terms = RunningMean(of: samples * classCount)
    }

    mutating func reset() { terms.reset() }

    mutating func add(_ probabilities: ClassProbabilities) { terms.add(probabilities.values) }

    /// Uniform where nothing was added.
    package var mean: ClassProbabilities {
        let isEmpty = terms.termCount == 0
        let share = isEmpty ? 0 : 1 / Float(terms.termCount), start = isEmpty ? 1 / Float(classCount) : 0
        return ClassProbabilities(classCount: classCount, values: terms.sum.map { $0 * share + start })
    }
}

import RunSupport

/// How far the given label's logit was ahead of the largest other, mean over the training of networks that are taught
/// the labels as they are (area under the margin; Pleiss et al. 2020).
///
/// Of two labels that are as improbable it gives up the one that such a network learned later. Where errors fall on any
/// class alike, what it keeps teaches more than what is kept by probabilities.
package struct PlainMargins: Sendable {
    /// One a sample.
    package private(set) var sum: [Float]
    package private(set) var termCount: Int

    package init(samples: Int) { self.init(sum: [Float](repeating: 0, count: samples), termCount: 0) }

    init(sum: [Float], termCount: Int) { (self.sum, self.termCount) = (sum, termCount) }

    package mutating func add(_ probabilities: ClassProbabilities, given: [Int32]) {
        for (i, label) in given.enumerated() {
            sum[i] += Float(probabilities.logarithmicMargin(of: i, given: Int(label)))
        }
        termCount += 1
    }

    /// Nil where nothing was added.
    package var mean: [Double]? { termCount == 0 ? nil : sum.map { Double($0) / Double(termCount) } }
}

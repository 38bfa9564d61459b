import RunSupport

/// How far the given label's logit was ahead of the largest other, mean over the training of networks that are taught
/// the labels as they are (area under the margin; Pleiss et al. 2020).
///
/// Of two labels that are as improbable it gives up the one that such a network learned later. Where errors fall on any
/// class alike, what it keeps teaches more than what is kept by probabilities.
package struct PlainMargins: Sendable {
    /// One a sample.
    var terms: RunningMean

    package init(samples: Int) { terms = RunningMean(of: samples) }

    package mutating func add(_ probabilities: ClassProbabilities, given: [Int32]) {
        terms.add(
            given.enumerated().map { Float(probabilities.logarithmicMargin(of: $0, given: Int($1))) })
    }

    /// Nil where nothing was added.
    package var mean: [Double]? {
        terms.termCount == 0 ? nil : terms.sum.map { Double($0) / Double(terms.termCount) }
    }
}

/// How suspicious each sample's label is; the larger, the more. In [0, 1].
package struct LabelScores: Sendable {
    package let structure: NoiseStructure
    package let values: [Double]
    /// Which labels are given up first: the larger, the sooner. Where errors fall evenly and networks were taught the
    /// labels as they are, the mean of two ranks, by score and by ``PlainMargins``; else the score.
    package let dispensability: [Double]
    /// What each sample's class most probably is where it is not the given one.
    package let suggested: [Int32]

    /// - uniform: 1 - p(given). A sample between two classes carries its label more probably than one that is far from
    ///   it.
    /// - by sample: a label that is the second choice is no better than one out of reach; what counts is how far the
    ///   first choice is ahead: half of 1 - (p(given) - p(likeliest other)).
    /// - by class: the same of the posterior under the learned transition. With no trusted samples a class's share
    ///   of wrong labels may be learned wrong by a third, and then all of its samples are: its mean with the network.
    ///
    /// - Parameters:
    ///   - posterior: the same under the learned transition.
    ///   - plainMargins: one a sample, or nil where no network was taught the labels as they are.
    package init(
        probabilities: ClassProbabilities, posterior: ClassProbabilities, given: [Int32], structure: NoiseStructure,
        plainMargins: [Double]? = nil, hasTrusted: Bool
    ) {
        var witness = probabilities
        if structure == .byClass { witness = hasTrusted ? posterior : posterior.mean(with: probabilities) }
        let values = given.enumerated().map { i, label in
            structure == .uniform
                ? 1 - witness[i, Int(label)] : (1 - witness.margin(of: i, given: Int(label))) / 2
        }
        self.structure = structure
        self.values = values
        if structure == .uniform, let plainMargins {
            dispensability = zip(values.ranks, plainMargins.map { -$0 }.ranks).map { Double($0 + $1) / 2 }
        } else {
            dispensability = values
        }
        suggested = given.enumerated().map { Int32(witness.likeliest(of: $0, otherThan: Int($1))) }
    }

    /// Samples whose labels are given up first, of `count`; those that the networks are sure of never are, whatever
    /// is said of their number.
    package func flagged(_ count: Int) -> Set<Int> {
        Set(dispensability.largestFirst.prefix(count).filter { values[$0] > 0.1 })
    }

    /// Samples, the most suspicious first; of equal ones the earlier first.
    package var order: [Int] { values.largestFirst }
}

extension [Double] {
    /// Places of the elements, the largest first; of equal ones the earlier first.
    fileprivate var largestFirst: [Int] { indices.sorted { (-self[$0], $0) < (-self[$1], $1) } }

    /// How many elements come after each one in ``largestFirst``.
    fileprivate var ranks: [Int] {
        var result = [Int](repeating: 0, count: count)
        for (place, element) in largestFirst.enumerated() { result[element] = count - 1 - place }
        return result
    }
}

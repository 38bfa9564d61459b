import RunSupport

/// How wrong labels come about, as far as can be seen. What tells them from the right ones depends on it.
package enum NoiseStructure: String, Sendable, CaseIterable {
    /// Any other class alike: slips of the hand, shuffled rows.
    case uniform
    /// Each class is taken for its neighbour.
    case byClass = "by-class"
    /// Each sample is taken for what it resembles.
    case bySample = "by-sample"

    package var inWords: String {
        switch self {
        case .uniform: "wrong labels are spread evenly over the other classes"
        case .byClass: "classes are taken for particular other classes"
        case .bySample: "samples are taken for what they look like"
        }
    }

    /// Where the network clearly contradicts the given label: is this its second choice (then it was no slip), and do
    /// a class's samples go to one other class?
    /// - Parameter transition: as it was learned.
    package init(
        probabilities: ClassProbabilities, given: [Int32], transition: NoiseTransition
    ) {
        var contradicted = 0, seconds = 0
        for (i, g) in given.enumerated() where probabilities.margin(of: i, given: Int(g)) < -0.5 {
            contradicted += 1
            let best = probabilities.likeliest(of: i)
            if probabilities.likeliest(of: i, otherThan: best) == Int(g) { seconds += 1 }
        }
        // A slip is the second choice with chance 1 / (c - 1); what comes from likeness was so 3 times of 4.
        let threshold = (1 / Double(probabilities.classCount - 1) + 0.75) / 2
        if contradicted > 0, Double(seconds) < threshold * Double(contradicted) {
            self = .uniform
        } else {
            self = transition.evenness < 0.15 ? .byClass : .bySample
        }
    }
}

/// How suspicious each sample's label is; the larger, the more. In [0, 1].
package struct LabelScores: Sendable {
    package let structure: NoiseStructure
    package let values: [Double]
    /// How far another class is ahead of the given one, half of 1 - margin: which labels are given up first. A sample
    /// between two classes teaches as much with either label: it is dearer to lose than its score says.
    package let lead: [Double]
    /// What each sample's class most probably is where it is not the given one.
    package let suggested: [Int32]

    /// - uniform: 1 - p(given). A sample between two classes carries its label more probably than one that is far from
    ///   it.
    /// - by sample: a label that is the second choice is no better than one out of reach; what counts is how far the
    ///   first choice is ahead: half of 1 - (p(given) - p(likeliest other)).
    /// - by class: the same of the posterior under the learned transition. With no trusted samples a class's share
    ///   of wrong labels may be learned wrong by a third, and then all of its samples are: its mean with the network.
    package init(
        probabilities: ClassProbabilities, given: [Int32], transition: NoiseTransition, hasTrusted: Bool,
        structure forced: NoiseStructure? = nil
    ) {
        let structure =
            forced ?? NoiseStructure(probabilities: probabilities, given: given, transition: transition)
        var witness = probabilities
        if structure == .byClass {
            witness = transition.posterior(probabilities, given: given)
            if !hasTrusted { witness = witness.mean(with: probabilities) }
        }
        let lead = given.enumerated().map { (1 - witness.margin(of: $0, given: Int($1))) / 2 }
        self.structure = structure
        self.lead = lead
        values = structure == .uniform ? given.enumerated().map { 1 - witness[$0, Int($1)] } : lead
        suggested = given.enumerated().map { Int32(witness.likeliest(of: $0, otherThan: Int($1))) }
    }

    /// Samples whose labels are given up first, of `count`; those that the networks are sure of never are, whatever
    /// is said of their number.
    package func flagged(_ count: Int) -> Set<Int> {
        let order = lead.indices.sorted { (-lead[$0], $0) < (-lead[$1], $1) }
        return Set(order.prefix(count).filter { values[$0] > 0.1 })
    }

    /// Samples, the most suspicious first; of equal ones the earlier first.
    package var order: [Int] { values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) } }
}

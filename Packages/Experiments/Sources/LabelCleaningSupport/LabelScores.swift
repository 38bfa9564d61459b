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
    /// What each sample's class most probably is, and how probable.
    package let suggested: [Int32]

    /// - uniform: 1 - p(given). A sample between two classes carries its label more probably than one that is far from
    ///   it.
    /// - by sample: a label that is the second choice is no better than one out of reach; what counts is how far the
    ///   first choice is ahead: half of 1 - (p(given) - p(likeliest other)).
    /// - by class: the same of the posterior under the learned transition.
    package init(
        probabilities: ClassProbabilities, given: [Int32], transition: NoiseTransition,
        structure forced: NoiseStructure? = nil
    ) {
        let structure =
            forced ?? NoiseStructure(probabilities: probabilities, given: given, transition: transition)
        let witness =
            structure == .byClass ? transition.posterior(probabilities, given: given) : probabilities
        self.structure = structure
        values = given.enumerated().map { i, g in
            structure == .uniform
                ? 1 - witness[i, Int(g)] : (1 - witness.margin(of: i, given: Int(g))) / 2
        }
        suggested = given.indices.map { Int32(probabilities.likeliest(of: $0, otherThan: Int(given[$0]))) }
    }

    /// Samples, the most suspicious first; of equal ones the earlier first.
    package var order: [Int] { values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) } }
}

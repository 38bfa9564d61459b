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
}

/// How the errors of some labels come about, and how many of them are wrong by that.
package struct NoiseFinding: Sendable {
    package let structure: NoiseStructure
    private let leftOut: LeftOutPredictions
    private let even: LikeliestShare?

    /// Are labels that networks were not taught likelier where errors fall on any class alike, or where they come from
    /// likeness? Both say it with two numbers, for any number of classes. If from likeness: do a class's samples go to
    /// one other class?
    ///
    /// Labels that a network was taught do not tell: it makes them its second choice by learning them.
    /// - Parameter transition: as it was learned.
    package init(leftOut: LeftOutPredictions, transition: NoiseTransition) {
        self.leftOut = leftOut
        even = LikeliestShare(leftOut, errors: .even)
        if let even, let alike = LikeliestShare(leftOut, errors: .alike), even.logLikelihood > alike.logLikelihood {
            structure = .uniform
        } else {
            // Of pairs at most 0.052 on development data, of confusable samples at least 0.096.
            structure = transition.evenness < 0.07 ? .byClass : .bySample
        }
    }

    /// Nil where errors go by sample, or there are no labels.
    package var likeliestShare: LikeliestShare? {
        switch structure {
        case .uniform: even
        case .byClass: LikeliestShare(leftOut, errors: .byClass)
        case .bySample: nil
        }
    }
}

/// How often networks contradict labels that they were not taught: of given labels, and of trusted ones.
package struct Contradictions: Sendable, Hashable {
    package var given = 0, givenContradicted = 0
    package var trusted = 0, trustedContradicted = 0

    package init() {}

    package init(_ given: LeftOutPredictions, _ trusted: LeftOutPredictions) {
        (self.given, givenContradicted) = (given.count, given.contradictedCount)
        (self.trusted, trustedContradicted) = (trusted.count, trusted.contradictedCount)
    }
}

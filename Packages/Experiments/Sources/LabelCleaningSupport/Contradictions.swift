/// How often networks contradict labels that they were not taught: of given labels, and of trusted ones.
package struct Contradictions: Sendable, Hashable {
    package var given = 0, givenContradicted = 0
    package var trusted = 0, trustedContradicted = 0

    package init() {}

    /// - Parameters:
    ///   - given: of networks taught in any way.
    ///   - trusted: the same networks, of trusted samples.
    package init(_ given: [LeftOutPredictions], _ trusted: LeftOutPredictions) {
        self.given = given.reduce(0) { $0 + $1.count }
        givenContradicted = given.reduce(0) { $0 + $1.contradictedCount }
        (self.trusted, trustedContradicted) = (trusted.count, trusted.contradictedCount)
    }
}

import Foundation

/// How many labels are wrong: ν, as a share of the given samples, with an interval that is meant to hold it 9 times of
/// 10.
///
/// A network contradicts a label that it was not taught with chance r = ν (1 - a) + (1 - ν) r₀: r₀ where the label is
/// right, a how often it agrees with a wrong one. r is counted on given samples that were left out, r₀ on trusted ones
/// that were left out. Of a, only this is known: a wrong label that any class may have is agreed with as often as
/// errors fall on one class, r₀ / (c - 1); one that comes from likeness more often, up to about r₀.
///
/// Where it is known, the share under which left-out labels are likeliest counts as a second witness, each with the
/// inverse of its variance; the interval is that of the counts.
package struct WrongLabelEstimate: Sendable, Hashable {
    package let share: Double
    package let low: Double, high: Double

    package init(share: Double, low: Double, high: Double) {
        (self.share, self.low, self.high) = (share, low, high)
    }

    /// - Parameter explained: the mean chance that a given label is wrong under the learned transition: too low, as
    ///   networks come to believe some wrong labels.
    /// - Parameter likeliest: see ``LikeliestShare``.
    package init(
        _ counts: Contradictions, explained: Double, likeliest: Double? = nil, structure: NoiseStructure,
        classCount: Int
    ) {
        let r = WrongLabelEstimate.share(counts.givenContradicted, of: counts.given)
        guard counts.trusted > 0 else {
            // Nothing else tells errors of the network from errors of the labels: between what the transition explains
            // and all that is contradicted.
            let (low, high) = (min(explained, r.mean), max(explained, r.mean))
            self.init(share: min(max(likeliest ?? (low + high) / 2, low), high), low: low, high: high)
            return
        }
        let r0 = WrongLabelEstimate.share(counts.trustedContradicted, of: counts.trusted)
        let slip = r0.mean / Double(max(classCount - 1, 1))
        func solved(_ r: Double, _ r0: Double, _ agreement: Double) -> Double {
            min(max((r - r0) / max(1 - r0 - agreement, 0.1), 0), 1)
        }
        let agreement = structure == .uniform ? slip : r0.mean / 2
        let share = solved(r.mean, r0.mean, agreement)
        // ∂ν/∂r = 1 / (1 - r₀ - a), ∂ν/∂r₀ = -(1 - ν) / (1 - r₀ - a); and what is not known of a.
        let slope = 1 / max(1 - r0.mean - agreement, 0.1)
        let chance = 1.645 * slope * (r.variance + (1 - share) * (1 - share) * r0.variance).squareRoot()
        let lower = solved(r.mean, r0.mean, slip),
            upper = solved(r.mean, r0.mean, structure == .uniform ? 2 * slip : r0.mean)
        let low = max(0, min(lower, share) - chance), high = min(1, max(upper, share) + chance)
        let own = (chance / 1.645) * (chance / 1.645), other = WrongLabelEstimate.likeliestVariance
        let both = likeliest.map { (share * other + $0 * own) / (own + other) } ?? share
        self.init(share: min(max(both, low), high), low: low, high: high)
    }

    /// Of the likeliest share: it was 0.01 to 0.045 off, on development seeds.
    private static let likeliestVariance = 0.03 * 0.03

    /// A share and the variance of its estimate, with one more of both outcomes (Agresti and Coull 1998, half of it).
    private static func share(_ count: Int, of total: Int) -> (mean: Double, variance: Double) {
        let mean = total == 0 ? 0.5 : Double(count) / Double(total)
        let smoothed = (Double(count) + 1) / (Double(total) + 2)
        return (mean, smoothed * (1 - smoothed) / (Double(total) + 2))
    }
}

import Tensors

extension LinearSolvers {
    /// v = Σ_{j < terms} T^j b for (I - T) v = b, where `apply` writes T·p; stops early when a term falls to
    /// `stopsBelow` of b.
    ///
    /// Cut short, v is the derivative through the last `terms` steps; its residual is T^terms b. Where that has grown
    /// to more than twice the least one, the answer is the iterate of the least; where it has grown to more than twice
    /// b, the series diverges and the solver has failed. (Slowly growing terms are those of steps near a saddle, and
    /// terms of steps with momentum swing.)
    /// - Parameter tolerance: when v counts as converged.
    static func powerSeries(
        _ apply: Product, _ b: Vector, into v: Vector, terms: Int, stopsBelow: Double, tolerance: Double
    ) -> AdjointReport {
        v.clear()
        let norm = b.squaredNorm().squareRoot()
        guard norm != 0 else { return nothingToSolve }
        var term = Vector(b.layout), next = Vector(b.layout)
        let best = Vector(b.layout)
        best.clear()
        term.copy(from: b)
        // A transient of steps that carry velocities may grow before it falls; beyond ‖b‖/√ε nothing is left of b.
        let limit = norm / precision(of: b).squareRoot()
        var size = norm, least = norm, iterations = 0
        while iterations < terms, size > stopsBelow * norm, size < limit {
            v.add(1, term)
            apply(term, next)
            swap(&term, &next)
            size = term.squaredNorm().squareRoot()
            iterations += 1
            if size < least {
                least = size
                best.copy(from: v)
            }
        }
        if !(size <= 2 * least) { v.copy(from: best) }
        // b - (I - T) v.
        apply(v, next)
        next.add(-1, v)
        next.add(1, b)
        return report(
            b, residual: next, iterations: iterations, tolerance: tolerance, hasFailed: !(size <= 2 * norm))
    }
}

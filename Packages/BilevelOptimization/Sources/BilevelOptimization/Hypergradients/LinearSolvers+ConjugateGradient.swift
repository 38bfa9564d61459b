import Tensors

extension LinearSolvers {
    /// Conjugate gradient (Hestenes and Stiefel 1952) from v = 0, for symmetric A. Exact after n steps in n dimensions.
    ///
    /// A direction without positive curvature is reported; the iteration goes on, unless the curvature is 0 to
    /// rounding: the system is then singular and the next iterate would be noise. Beside the iterates v_k, whose
    /// residuals r_k may grow, runs their smoothed mean s_k = s_{k-1} + η (v_k - s_{k-1}), η = τ_{k-1}/(τ_{k-1} +
    /// ‖r_k‖²), 1/τ_k = 1/τ_{k-1} + 1/‖r_k‖² (Zhou and Walker 1994), whose residual is the least in the space searched.
    /// It is the answer where the last v_k is not the best of all; for a singular system without a solution it has the
    /// least residual there is.
    static func conjugateGradient(
        _ multiply: Product, _ b: Vector, into v: Vector, maximumIterations: Int, tolerance: Double
    ) -> AdjointReport {
        v.clear()
        let norm = b.squaredNorm().squareRoot(), precision = precision(of: b)
        guard norm != 0 else { return nothingToSolve }
        let r = Vector(b.layout), p = Vector(b.layout), product = Vector(b.layout), smoothed = Vector(b.layout)
        smoothed.clear()
        r.copy(from: b)
        p.copy(from: b)
        var squared = norm * norm, smoothedSquare = squared, leastSquare = squared, steepest = 0.0
        var iterations = 0, metNegativeCurvature = false, isSingular = false
        // Where A is positive definite with a condition number that rounding leaves, ‖r‖ ≤ √κ ‖b‖ < ‖b‖/√ε.
        while iterations < maximumIterations, squared.squareRoot() > tolerance * norm,
            squared < norm * norm / precision
        {
            multiply(p, product)
            iterations += 1
            let curvature = p.dot(product), length = p.squaredNorm()
            if curvature <= 0 { metNegativeCurvature = true }
            steepest = max(steepest, abs(curvature) / length)
            guard abs(curvature) > 16 * precision * steepest * length else {
                isSingular = true
                break
            }
            let step = squared / curvature
            v.add(step, p)
            r.add(-step, product)
            let next = r.squaredNorm()
            p.scaleThenAdd(next / squared, r)
            squared = next
            let share = smoothedSquare / (smoothedSquare + squared)
            smoothed.scale(1 - share)
            smoothed.add(share, v)
            smoothedSquare *= 1 - share
            leastSquare = min(leastSquare, squared)
        }
        if isSingular || !(squared <= leastSquare) { v.copy(from: smoothed) }
        multiply(v, product)
        r.copy(from: b)
        r.add(-1, product)
        return report(
            b, residual: r, iterations: iterations, tolerance: tolerance,
            hasFailed: isSingular || !(r.squaredNorm() < norm * norm), metNegativeCurvature: metNegativeCurvature)
    }
}

import Tensors

/// Solvers for A v = b where A is only known by its products. Vectors are packed tensors; `multiply` writes A·p.
enum LinearSolvers {
    typealias Product = (_ p: Point, _ result: Point) -> Void

    /// Conjugate gradient (Hestenes and Stiefel 1952) from v = 0, for symmetric A. Exact after n steps in n dimensions.
    ///
    /// The last iterate is the answer, whether or not the residual met the tolerance. A direction without positive
    /// curvature is reported; the iteration goes on unless the curvature is exactly 0.
    static func conjugateGradient(
        _ multiply: Product, _ b: Point, into v: Point, maximumIterations: Int, tolerance: Double
    ) -> AdjointReport {
        let r = Point(b.layout), p = Point(b.layout), product = Point(b.layout)
        v.clear()
        r.copy(from: b)
        p.copy(from: b)
        let norm = b.squaredNorm().squareRoot()
        var squared = norm * norm, iterations = 0, metNegativeCurvature = false
        while iterations < maximumIterations, squared.squareRoot() > tolerance * norm {
            multiply(p, product)
            iterations += 1
            let curvature = p.dot(product)
            if curvature <= 0 { metNegativeCurvature = true }
            guard curvature != 0, curvature.isFinite else { break }
            let length = squared / curvature
            v.add(length, p)
            r.add(-length, product)
            let next = r.squaredNorm()
            p.scaleThenAdd(next / squared, r)
            squared = next
        }
        let residual = norm == 0 ? 0 : squared.squareRoot() / norm
        return AdjointReport(
            iterations: iterations, relativeResidual: residual, isConverged: residual <= tolerance,
            metNegativeCurvature: metNegativeCurvature)
    }

    /// v = Σ_{j < terms} T^j b, where `apply` writes T·p; stops early when a term falls to the tolerance. The residual
    /// of (I - T) v = b is the first term left out.
    static func powerSeries(_ apply: Product, _ b: Point, into v: Point, terms: Int, tolerance: Double)
        -> AdjointReport
    {
        var term = Point(b.layout), next = Point(b.layout)
        v.clear()
        term.copy(from: b)
        let norm = b.squaredNorm().squareRoot()
        var size = norm, iterations = 0
        while iterations < terms, size > tolerance * norm {
            v.add(1, term)
            apply(term, next)
            swap(&term, &next)
            size = term.squaredNorm().squareRoot()
            iterations += 1
        }
        let residual = norm == 0 ? 0 : size / norm
        return AdjointReport(
            iterations: iterations, relativeResidual: residual, isConverged: residual <= tolerance,
            metNegativeCurvature: false)
    }

    /// GMRES (Saad and Schultz 1986) from v = 0 without restarts, with modified Gram-Schmidt and Givens rotations.
    static func gmres(
        _ multiply: Product, _ b: Point, into v: Point, maximumIterations: Int, tolerance: Double
    ) -> AdjointReport {
        v.clear()
        let norm = b.squaredNorm().squareRoot()
        guard norm > 0 else {
            return AdjointReport(iterations: 0, relativeResidual: 0, isConverged: true, metNegativeCurvature: false)
        }
        let first = Point(b.layout)
        first.copy(from: b)
        first.scale(1 / norm)
        var basis = [first], columns: [[Double]] = [], rotations: [(c: Double, s: Double)] = [], rest = [norm]
        while columns.count < maximumIterations, abs(rest.last!) > tolerance * norm {
            let w = Point(b.layout)
            multiply(basis.last!, w)
            var column = basis.map { q in
                let part = w.dot(q)
                w.add(-part, q)
                return part
            }
            let length = w.squaredNorm().squareRoot()
            for (i, rotation) in rotations.enumerated() {
                (column[i], column[i + 1]) = (
                    rotation.c * column[i] + rotation.s * column[i + 1],
                    rotation.c * column[i + 1] - rotation.s * column[i]
                )
            }
            let diagonal = column[column.count - 1], size = (diagonal * diagonal + length * length).squareRoot()
            guard size > 0, size.isFinite else { break }
            let rotation = (c: diagonal / size, s: length / size)
            column[column.count - 1] = size
            rotations.append(rotation)
            columns.append(column)
            let last = rest.removeLast()
            rest += [rotation.c * last, -rotation.s * last]
            if length <= 1e-14 * size { break }  // the space is exhausted: the solution is exact
            w.scale(1 / length)
            basis.append(w)
        }
        // Back substitution in the triangle.
        var y = [Double](repeating: 0, count: columns.count)
        for i in columns.indices.reversed() {
            y[i] = (rest[i] - (i + 1..<columns.count).reduce(0) { $0 + columns[$1][i] * y[$1] }) / columns[i][i]
            v.add(y[i], basis[i])
        }
        let residual = abs(rest[columns.count]) / norm
        return AdjointReport(
            iterations: columns.count, relativeResidual: residual, isConverged: residual <= tolerance,
            metNegativeCurvature: false)
    }
}

import Tensors

extension LinearSolvers {
    /// GMRES (Saad and Schultz 1986) from v = 0 without restarts, with modified Gram-Schmidt and Givens rotations.
    /// Stops where the next vector would add nothing but rounding, and drops the last one where its answer is worse
    /// than that without it: the system is then singular.
    static func gmres(
        _ multiply: Product, _ b: Vector, into v: Vector, maximumIterations: Int, tolerance: Double
    ) -> AdjointReport {
        v.clear()
        let norm = b.squaredNorm().squareRoot(), precision = precision(of: b)
        guard norm != 0 else { return nothingToSolve }
        let first = Vector(b.layout)
        first.copy(from: b)
        first.scale(1 / norm)
        var basis = [first], columns: [[Double]] = [], rotations: [(c: Double, s: Double)] = [], rest = [norm]
        var largest = 0.0, isExhausted = false, isSingular = false
        while columns.count < maximumIterations, abs(rest.last!) > tolerance * norm, !isExhausted {
            let w = Vector(b.layout)
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
            largest = max(largest, size)
            guard size > 16 * precision * largest, size.isFinite else {
                isSingular = true
                break
            }
            let rotation = (c: diagonal / size, s: length / size)
            column[column.count - 1] = size
            rotations.append(rotation)
            columns.append(column)
            let last = rest.removeLast()
            rest += [rotation.c * last, -rotation.s * last]
            isExhausted = length <= 1e-14 * size  // the space is exhausted: the solution is exact
            if !isExhausted {
                w.scale(1 / length)
                basis.append(w)
            }
        }
        let (residual, product) = (Vector(b.layout), Vector(b.layout))
        /// v from the first `count` columns, by back substitution in the triangle; the size of its residual.
        func solve(_ count: Int) -> Double {
            var y = [Double](repeating: 0, count: count)
            v.clear()
            for i in (0..<count).reversed() {
                y[i] = (rest[i] - (i + 1..<count).reduce(0) { $0 + columns[$1][i] * y[$1] }) / columns[i][i]
                v.add(y[i], basis[i])
            }
            multiply(v, product)
            residual.copy(from: b)
            residual.add(-1, product)
            return residual.squaredNorm().squareRoot()
        }
        // A last column of noise makes an answer that is worse than the one before it.
        let count = columns.count
        var size = solve(count)
        let expected = abs(rest[count]) + 32 * precision * norm
        if size > expected, count > 1 {
            let shorter = solve(count - 1)
            if shorter < size {
                (size, isSingular) = (shorter, true)
            } else {
                size = solve(count)
            }
        }
        return report(
            b, residual: residual, iterations: columns.count, tolerance: tolerance,
            hasFailed: isSingular || !(size < norm))
    }
}

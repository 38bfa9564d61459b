import Tensors

/// v ≥ 0 and Σ v = total over all coordinates of the variable (Held, Wolfe and Crowder 1974).
public struct Simplex: ConvexSet {
    /// What the coordinates of a tensor add up to.
    public let total: Double

    public func projection(_ variable: [Tensor]) -> [Tensor] {
        guard variable.contains(where: { $0.count > 0 }) else { return variable }
        let type = variable[0].elementType
        let all =
            variable.count == 1 ? variable[0] : Tensor(concatenating: variable.map { $0.reshaped(to: [$0.count]) })
        // Numbers beside which `total` would be lost to rounding are first moved down by the largest of them: a shift
        // of all coordinates changes neither the projection nor its derivative.
        let largest = all.stopGradient().max()
        let shift = select(
            Tensor(1000 * total, elementType: type).less(largest.abs()), largest, Tensor(0, elementType: type))
        let threshold = (all - shift).simplexThreshold(total: total)
        return variable.map { ($0 - shift - threshold).relu() }
    }

    public var description: String { "the simplex of total \(total)" }

    public func check(for variable: [Tensor], named name: String) throws(SolverError) {
        guard total > 0, total < .infinity else {
            throw .outOfRange(
                name: "set of \(name)", expected: "a simplex of positive, finite total", got: description,
                nearest: "the simplex of total 1.0")
        }
        guard variable.contains(where: { $0.count > 0 }) else {
            throw .outOfRange(
                name: "set of \(name)", expected: "a variable with coordinates for \(description)", got: "none",
                nearest: "the whole space")
        }
    }
}

extension Constraint {
    /// v ≥ 0 and Σ v = total over all coordinates of the variable.
    public static func simplex(total: Double = 1) -> Constraint { Constraint(Simplex(total: total)) }
}

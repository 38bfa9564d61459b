import Tensors

/// A closed convex set in which a variable stays: any `ConvexSet`, by value.
public struct Constraint: Sendable, Hashable, CustomStringConvertible {
    /// What projects.
    public let base: any ConvexSet

    /// Any set, also of another package.
    public init(_ set: some ConvexSet) { base = set }

    /// The nearest point of the set.
    ///
    /// At ties the derivative is that of the inside: on a box's bounds and on the sphere that of the identity. A
    /// coordinate that the simplex's threshold exactly reaches counts as cut off.
    public func projection(_ variable: [Tensor]) -> [Tensor] {
        let nearest = base.projection(variable)
        requireSameLayout(variable, nearest, "projection onto \(self)")
        return nearest
    }

    /// Whether each coordinate is projected by itself: then the projection's derivative is 0 or 1 a coordinate.
    public var isCoordinatewise: Bool { base.isCoordinatewise }
    public var isWholeSpace: Bool { base.isWholeSpace }
    public var description: String { base.description }

    /// Throws what is wrong with the set's parameters, or with its fit to a variable.
    public func check(for variable: [Tensor], named name: String) throws(SolverError) {
        try base.check(for: variable, named: name)
    }

    /// A point that lies outside by more than rounding: its first coordinate that the projection moves, and where to.
    func violation(of variable: [Tensor]) -> (value: Double, nearest: Double)? {
        if isWholeSpace { return nil }
        let points = variable.map(\.scalars).joined(), nearest = projection(variable).map(\.scalars).joined()
        return zip(points, nearest).first { abs($0 - $1) > 1e-5 * max(1, abs($0)) }.map { ($0, $1) }
    }

    public static func == (a: Constraint, b: Constraint) -> Bool { AnyHashable(a.base) == AnyHashable(b.base) }
    public func hash(into hasher: inout Hasher) { base.hash(into: &hasher) }
}

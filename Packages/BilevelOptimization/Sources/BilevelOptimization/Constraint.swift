import Tensors

/// A closed convex set; its projection is built from operations, so it is differentiated with the step that it ends.
public indirect enum Constraint: Sendable, Hashable {
    case wholeSpace
    /// Every coordinate in [lower, upper].
    case box(lower: Double, upper: Double)
    case nonnegative
    /// ‖v‖₂ ≤ radius over all coordinates of the variable.
    case ball(radius: Double)
    /// v ≥ 0 and Σ v = total over all coordinates of the variable.
    case simplex(total: Double = 1)
    /// One set for each tensor of the variable, in the order of visits.
    case product([Constraint])

    /// The nearest point of the set.
    ///
    /// At ties the derivative is that of the inside: on a box's bounds and on the sphere that of the identity. A
    /// coordinate that the simplex's threshold exactly reaches counts as cut off.
    public func projection(_ variable: [Tensor]) -> [Tensor] {
        switch self {
        case .wholeSpace: return variable
        case .box(let lower, let upper): return variable.map { $0.clamp(lower, upper) }
        case .nonnegative: return variable.map { $0.maximum(0) }
        case .ball(let radius):
            guard let first = variable.first else { return variable }
            let squares = variable.map { $0.squaredNorm() }.reduce(Tensor(0, elementType: first.elementType), +)
            // Inside, the square root is taken of radius², so that its derivative at 0 never appears.
            let norm = squares.maximum(radius * radius).sqrt()
            return variable.map { $0 * (radius / norm) }
        case .simplex(let total):
            guard !variable.isEmpty else { return variable }
            let all =
                variable.count == 1 ? variable[0] : Tensor(concatenating: variable.map { $0.reshaped(to: [$0.count]) })
            let threshold = all.simplexThreshold(total: total)
            return variable.map { ($0 - threshold).relu() }
        case .product(let sets):
            precondition(
                sets.count == variable.count,
                "product of \(sets.count) sets for a variable of \(variable.count) tensors")
            return zip(sets, variable).flatMap { $0.projection([$1]) }
        }
    }

    /// Whether each coordinate is projected by itself: then the projection's derivative is 0 or 1 a coordinate.
    public var isCoordinatewise: Bool {
        switch self {
        case .wholeSpace, .box, .nonnegative: true
        case .ball, .simplex: false
        case .product(let sets): sets.allSatisfy(\.isCoordinatewise)
        }
    }

    /// A point that lies outside by more than rounding: its first coordinate that the projection moves, and where to.
    func violation(of variable: [Tensor]) -> (value: Double, nearest: Double)? {
        if self == .wholeSpace { return nil }
        let points = variable.map(\.scalars).joined(), nearest = projection(variable).map(\.scalars).joined()
        return zip(points, nearest).first { abs($0 - $1) > 1e-5 * max(1, abs($0)) }.map { ($0, $1) }
    }
}

extension Constraint: CustomStringConvertible {
    public var description: String {
        switch self {
        case .wholeSpace: "the whole space"
        case .box(let lower, let upper): "the box [\(lower), \(upper)]"
        case .nonnegative: "the nonnegative numbers"
        case .ball(let radius): "the ball of radius \(radius)"
        case .simplex(let total): "the simplex of total \(total)"
        case .product(let sets): "the product of " + sets.map(\.description).joined(separator: ", ")
        }
    }
}

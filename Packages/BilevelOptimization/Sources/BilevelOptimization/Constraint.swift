import Tensors

/// A closed convex set; its projection is built from operations, so it is differentiated with the step that it ends.
public enum Constraint: Sendable, Hashable {
    case wholeSpace
    /// Every coordinate in [lower, upper].
    case box(lower: Double, upper: Double)
    case nonnegative
    /// ‖v‖₂ ≤ radius over all coordinates of the variable.
    case ball(radius: Double)

    /// The nearest point of the set. On a box's bounds and on the sphere the derivative is that of the inside.
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
        }
    }
}

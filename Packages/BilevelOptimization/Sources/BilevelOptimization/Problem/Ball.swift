import Tensors

/// ‖v‖₂ ≤ radius over all coordinates of the variable; a ball of infinite radius is the whole space.
public struct Ball: ConvexSet {
    /// Positive; infinite for the whole space.
    public let radius: Double

    /// v · radius/max(‖v‖, radius), by quotients whose squares neither overflow nor vanish.
    ///
    /// Where a coordinate or the radius is of unusual size, all coordinates are first divided by the largest number;
    /// else by 1, which changes no bit. The result does not depend on the divisor, so neither does its derivative.
    public func projection(_ variable: [Tensor]) -> [Tensor] {
        guard radius < .infinity, let type = variable.first?.elementType else { return variable }
        func constant(_ value: Double) -> Tensor { Tensor(value, elementType: type) }
        let limit = type == .float64 ? 1e100 : 1e12  // squares of numbers up to this can be added up
        let isUsual = radius > 1 / limit && radius < limit
        let largest = variable.filter { $0.count > 0 }.map { $0.stopGradient().abs().max() }
            .reduce(constant(isUsual ? 0 : radius)) { $0.maximum($1) }
        let divisor = isUsual ? select(constant(limit).less(largest), largest, constant(1)) : largest
        let bound = isUsual ? constant(radius * radius) / divisor / divisor : (constant(radius) / divisor).squared()
        let scaled = variable.map { $0 / divisor }
        let squares = scaled.map { $0.squaredNorm() }.reduce(constant(0), +)
        // Inside, the square root is taken of the radius's square, so that its derivative at 0 never appears.
        let norm = squares.maximum(bound).sqrt()
        return scaled.map { $0 * (radius / norm) }
    }

    public var isWholeSpace: Bool { radius == .infinity }
    public var isCoordinatewise: Bool { isWholeSpace }
    public var description: String { "the ball of radius \(radius)" }

    public func check(for variable: [Tensor], named name: String) throws(SolverError) {
        guard radius > 0 else {
            throw .outOfRange(
                name: "set of \(name)", expected: "a ball of positive radius", got: description,
                nearest: radius < 0 ? "the ball of radius \(-radius)" : "the ball of radius 1.0")
        }
    }
}

extension Constraint {
    /// ‖v‖₂ ≤ radius over all coordinates of the variable.
    public static func ball(radius: Double) -> Constraint { Constraint(Ball(radius: radius)) }
}

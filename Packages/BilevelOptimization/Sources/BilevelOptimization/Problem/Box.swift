import Tensors

/// Every coordinate in [lower, upper]; either bound may be infinite, and both may be the same.
public struct Box: ConvexSet {
    /// The bounds of every coordinate.
    public let lower: Double, upper: Double

    public func projection(_ variable: [Tensor]) -> [Tensor] { variable.map { $0.clamp(lower, upper) } }
    public var isCoordinatewise: Bool { true }
    public var description: String { "the box [\(lower), \(upper)]" }

    public func check(for variable: [Tensor], named name: String) throws(SolverError) {
        guard lower <= upper, lower < .infinity, upper > -.infinity else {
            throw .outOfRange(
                name: "set of \(name)", expected: "a box whose lower bound is not above its upper one",
                got: description,
                nearest: lower > upper ? "the box [\(upper), \(lower)]" : "the whole space")
        }
    }
}

/// Every coordinate ≥ 0.
public struct NonnegativeOrthant: ConvexSet {
    public func projection(_ variable: [Tensor]) -> [Tensor] { variable.map { $0.maximum(0) } }
    public var isCoordinatewise: Bool { true }
    public var description: String { "the nonnegative numbers" }
}

extension Constraint {
    /// Every coordinate in [lower, upper].
    public static func box(lower: Double, upper: Double) -> Constraint { Constraint(Box(lower: lower, upper: upper)) }
    /// Every coordinate at least 0.
    public static let nonnegative = Constraint(NonnegativeOrthant())
}

import Tensors

/// All points: no constraint.
public struct WholeSpace: ConvexSet {
    public func projection(_ variable: [Tensor]) -> [Tensor] { variable }
    public var isCoordinatewise: Bool { true }
    public var isWholeSpace: Bool { true }
    public var description: String { "the whole space" }
}

extension Constraint {
    /// No constraint.
    public static let wholeSpace = Constraint(WholeSpace())
}

import Tensors

/// An update rule along ∇_y f, then the projection.
public struct Descent: LowerIteration {
    /// What moves y along -∇f.
    public let rule: UpdateRule

    /// The rule's.
    public var rate: Double { rule.rate }
    public var description: String { rule.description }
    public var isAutonomous: Bool { rule.base.isAutonomous }
    public var restsWhereGradientVanishes: Bool { rule.base.restsWhereGradientVanishes }
    public var isGradientDescent: Bool { rule.base.isGradientDescent }
    public var hasVelocity: Bool { rule.base.hasVelocity }
    public func check() throws(SolverError) { try rule.base.check(as: "lower") }

    public func initialState(for lower: [Tensor]) -> [Tensor] { rule.initialState(for: lower) }

    public func step(_ lower: [Tensor], state: [Tensor], in level: LowerLevel) -> (lower: [Tensor], state: [Tensor]) {
        let moved = rule.step(lower, gradient: level.gradient(at: lower), state: state)
        return (level.projection(moved.variable), moved.state)
    }
}

extension Dynamics {
    /// An update rule along ∇_y f.
    public static func descent(_ rule: UpdateRule) -> Dynamics { Dynamics(Descent(rule: rule)) }
}

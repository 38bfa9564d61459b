import Tensors

/// How a variable moves along a gradient: any `GradientRule`, by value.
public struct UpdateRule: Sendable, Hashable, CustomStringConvertible {
    public let base: any GradientRule

    public init(_ rule: some GradientRule) { base = rule }

    public var rate: Double { base.rate }
    public var description: String { base.description }

    /// What is carried from one step to the next, at the start.
    public func initialState(for variable: [Tensor]) -> [Tensor] { base.initialState(for: variable) }

    public func step(_ variable: [Tensor], gradient: [Tensor], state: [Tensor]) -> (variable: [Tensor], state: [Tensor])
    {
        let next = base.step(variable, gradient: gradient, state: state)
        requireSameLayout(variable + state, next.variable + next.state, "a step of \(self)")
        return next
    }

    public static func == (a: UpdateRule, b: UpdateRule) -> Bool { AnyHashable(a.base) == AnyHashable(b.base) }
    public func hash(into hasher: inout Hasher) { base.hash(into: &hasher) }
}

import Tensors

/// How a variable moves along a gradient: any `GradientRule`, by value.
public struct UpdateRule: Sendable, Hashable, CustomStringConvertible {
    /// What steps.
    public let base: any GradientRule

    /// Any rule, also of another package.
    public init(_ rule: some GradientRule) { base = rule }

    /// The step size as it is printed.
    public var rate: Double { base.rate }
    public var description: String { base.description }

    /// What is carried from one step to the next, at the start.
    public func initialState(for variable: [Tensor]) -> [Tensor] { base.initialState(for: variable) }

    /// One step: what moves, along its gradient, and what the rule carries along.
    public func step(_ variable: [Tensor], gradient: [Tensor], state: [Tensor]) -> (variable: [Tensor], state: [Tensor])
    {
        let next = base.step(variable, gradient: gradient, state: state)
        requireSameLayout(variable + state, next.variable + next.state, "a step of \(self)")
        return next
    }

    public static func == (a: UpdateRule, b: UpdateRule) -> Bool { AnyHashable(a.base) == AnyHashable(b.base) }
    public func hash(into hasher: inout Hasher) { base.hash(into: &hasher) }
}

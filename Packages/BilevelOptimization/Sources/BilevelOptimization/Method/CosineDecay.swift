import Tensors

/// Another rule whose steps shrink from whole ones to `finalShare` of them, along half a cosine over `iterations` steps
/// (Loshchilov and Hutter 2017, without restarts).
public struct CosineDecay: GradientRule {
    /// The rule whose steps shrink.
    public let base: UpdateRule
    /// Steps until the decay has ended, and the share of a step that is left then and from there on.
    public let iterations: Int, finalShare: Double

    public var rate: Double { base.rate }
    public var description: String { "\(base) with a cosine decay over \(iterations) steps" }
    public var restsWhereGradientVanishes: Bool { base.base.restsWhereGradientVanishes }

    public func check(as role: String) throws(SolverError) {
        try base.base.check(as: role)
        try checkAtLeastOne("\(role) decay iterations", iterations)
        guard (0...1).contains(finalShare) else {
            throw .outOfRange(
                name: "\(role) final share of the rate", expected: "0 … 1", got: "\(finalShare)",
                nearest: finalShare > 1 ? "1" : "0")
        }
    }

    /// The rule's own, then the number of steps made.
    public func initialState(for variable: [Tensor]) -> [Tensor] {
        base.initialState(for: variable) + [Tensor(0, elementType: variable.first?.elementType ?? .float32)]
    }

    public func step(_ variable: [Tensor], gradient: [Tensor], state: [Tensor]) -> (variable: [Tensor], state: [Tensor])
    {
        let count = state.last!, next = base.step(variable, gradient: gradient, state: Array(state.dropLast()))
        let angle = (count / Double(iterations)).minimum(1) * Double.pi,
            share = (angle.cos() + 1) * ((1 - finalShare) / 2) + finalShare
        return (zip(variable, next.variable).map { $0 + ($1 - $0) * share }, next.state + [count + 1])
    }
}

extension UpdateRule {
    /// The same with steps that shrink by a cosine, to `finalShare` of what they would be, over so many of them.
    public func decaying(over iterations: Int, to finalShare: Double = 0) -> UpdateRule {
        UpdateRule(CosineDecay(base: self, iterations: iterations, finalShare: finalShare))
    }
}

import Tensors

/// The lower iteration y_{k+1} = Φ_k(x, y_k), with the projection onto Y inside the step: any `LowerIteration`, by
/// value.
public struct Dynamics: Sendable, Hashable, CustomStringConvertible {
    /// What steps.
    public let base: any LowerIteration

    /// Any iteration, also of another package.
    public init(_ iteration: some LowerIteration) { base = iteration }

    /// What a step carries besides y, as a function of y_0: velocities, or u and t, or k + 1.
    func initialState(for lower: [Tensor]) -> [Tensor] { base.initialState(for: lower) }

    func step<Upper: TensorTree, Lower: TensorTree>(
        _ problem: BilevelProblem<Upper, Lower>, _ upper: Upper, _ lower: Lower, state: [Tensor]
    ) -> (lower: [Tensor], state: [Tensor]) {
        let next = base.step(lower.tensors, state: state, in: LowerLevel(problem, upper, lower))
        requireSameLayout(lower.tensors + state, next.lower + next.state, "a step of \(self)")
        return next
    }

    /// The step size along ∇_y f.
    public var rate: Double { base.rate }
    public var isAutonomous: Bool { base.isAutonomous }
    public var restsWhereGradientVanishes: Bool { base.restsWhereGradientVanishes }
    public var isGradientDescent: Bool { base.isGradientDescent }
    public var hasVelocity: Bool { base.hasVelocity }
    public var withoutUpperLevel: Dynamics { base.withoutUpperLevel }
    public var description: String { base.description }

    public static func == (a: Dynamics, b: Dynamics) -> Bool { AnyHashable(a.base) == AnyHashable(b.base) }
    public func hash(into hasher: inout Hasher) { base.hash(into: &hasher) }
}

import Tensors

/// A bilevel problem with its lower dynamics as graphs: what hypergradients are made of, before anything is compiled.
///
/// Each function's arguments are placeholders for x, for y, and for the state s = (y, what the dynamics carries).
public struct TracedLevels: Sendable {
    /// Placeholders of the upper variable, the lower one, and what the dynamics carry along.
    public let x: [Tensor], y: [Tensor], state: [Tensor]
    /// (x, y) to F, and to f.
    public let upperObjective: TracedFunction, lowerObjective: TracedFunction
    /// y_0 to s_0.
    public let start: TracedFunction
    /// (x, s) to s', the projection included.
    public let step: TracedFunction
    /// As the method has them.
    public let dynamics: Dynamics
    /// Where a lower step ends.
    public let stepConstraint: Constraint
    /// Of x, y and s; that of y is a part of that of s.
    public let upperLayout: PointLayout, lowerLayout: PointLayout, stateLayout: PointLayout

    /// Traces both objectives at placeholders of these layouts.
    public init<Upper: TensorTree, Lower: TensorTree>(
        _ problem: BilevelProblem<Upper, Lower>, dynamics: Dynamics, upper: Upper, lower: Lower
    ) {
        let upperPlaceholder = upper.placeholders("x"), lowerPlaceholder = lower.placeholders("y")
        x = upperPlaceholder.tensors
        y = lowerPlaceholder.tensors
        self.dynamics = dynamics
        stepConstraint = problem.stepConstraint
        let initial = y + dynamics.initialState(for: y), carried = initial[y.count...].map { $0.placeholder("s") }
        state = y + carried
        upperLayout = PointLayout(of: x)
        stateLayout = PointLayout(of: state)
        lowerLayout = stateLayout.part(0..<y.count)
        start = TracedFunction(of: [y], to: [initial])
        let next = dynamics.step(problem, upperPlaceholder, lowerPlaceholder, state: carried)
        step = TracedFunction(of: [x, state], to: [next.lower + next.state])
        let value = problem.upperObjective(upperPlaceholder, lowerPlaceholder)
        require(value.count == 1, "upper objective: a scalar is needed, not \(value.shape)")
        upperObjective = TracedFunction(of: [x, y], to: [[value]])
        lowerObjective = TracedFunction(
            of: [x, y], to: [[problem.lowerObjective(upperPlaceholder, lowerPlaceholder)]])
    }

    /// ∇_y f at (x, y).
    public var lowerGradient: [Tensor] { gradient(of: lowerObjective.results[0][0], withRespectTo: y) }
}

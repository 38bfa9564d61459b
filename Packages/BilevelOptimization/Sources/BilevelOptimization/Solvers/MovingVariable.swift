import Tensors

/// A variable that an update rule moves along gradients and a projection brings back to its set: its value, the rule's
/// state, and the compiled step between two copies of both.
final class MovingVariable {
    private(set) var value: Point
    private var nextValue: Point
    /// Velocities and moments.
    private(set) var state: Point
    private var nextState: Point
    private let update: Replay

    /// - Parameter gradientLimit: coordinates of the gradient are clamped to ± this.
    init(
        _ variable: [Tensor], _ layout: PointLayout, rule: UpdateRule, onto set: Constraint = .wholeSpace,
        gradientLimit: Double? = nil
    ) {
        value = Point(layout)
        value.assign(variable)
        nextValue = Point(value.layout)
        let start = rule.initialState(for: variable)
        state = Point(copying: start)
        nextState = Point(state.layout)
        let v = variable.map { $0.placeholder("v") }, gradient = variable.map { $0.placeholder("g") },
            carried = start.map { $0.placeholder("s") }
        let limited = gradientLimit.map { limit in gradient.map { $0.clamp(-limit, limit) } } ?? gradient
        let moved = rule.step(v, gradient: limited, state: carried)
        update = Replay(
            CompiledFunction(of: [v, gradient, carried], to: [set.projection(moved.variable), moved.state]))
    }

    func move(along gradient: Point) {
        update(value, gradient, state, into: nextValue, nextState)
        swap(&value, &nextValue)
        swap(&state, &nextState)
    }

    var byteCount: Int {
        2 * value.layout.byteCount + 2 * state.layout.byteCount + update.function.temporariesByteCount
    }
}

/// What a solver moves: x, and z where it is learned; else the start that is given.
final class MovingPair {
    private let leader: MovingVariable
    private let learnedStart: MovingVariable?
    private let givenStart: Point

    init(
        _ upper: [Tensor], rule: UpdateRule, onto upperSet: Constraint = .wholeSpace, gradientLimit: Double? = nil,
        _ lower: [Tensor], _ initialization: Initialization, onto lowerSet: Constraint = .wholeSpace,
        along gradients: HypergradientPoints
    ) {
        let upperLayout = gradients.upper.layout, lowerLayout = gradients.start.layout
        leader = MovingVariable(upper, upperLayout, rule: rule, onto: upperSet, gradientLimit: gradientLimit)
        learnedStart = initialization.rule.map { MovingVariable(lower, lowerLayout, rule: $0, onto: lowerSet) }
        givenStart = Point(learnedStart == nil ? lowerLayout : lowerLayout.part(0..<0))
        if learnedStart == nil { givenStart.assign(lower) }
    }

    var x: Point { leader.value }
    var z: Point { learnedStart?.value ?? givenStart }
    /// What the rule of a learned z carries.
    var stateOfZ: Point? { learnedStart?.state }

    func move(along gradients: HypergradientPoints) {
        leader.move(along: gradients.upper)
        learnedStart?.move(along: gradients.start)
    }

    var byteCount: Int { leader.byteCount + (learnedStart?.byteCount ?? givenStart.layout.byteCount) }

    /// Velocities and moments of x, then those of a learned z.
    var states: [Point] { [leader.state] + (learnedStart.map { [$0.state] } ?? []) }
}

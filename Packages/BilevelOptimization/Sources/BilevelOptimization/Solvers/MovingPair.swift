import Tensors

/// A variable that an update rule moves along gradients and a projection brings back to its set: two copies of its
/// value and of what the rule carries (velocities and moments), one of them the present one.
private final class MovingVariable {
    private(set) var value: Point, nextValue: Point
    private(set) var state: Point, nextState: Point
    /// (value, gradient, state) to (value, state).
    let arguments: [[Tensor]], results: [[Tensor]]

    /// - Parameter gradientLimit: coordinates of the gradient are clamped to ± this.
    init(
        _ variable: [Tensor], _ layout: PointLayout, rule: UpdateRule, onto set: Constraint, gradientLimit: Double?
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
        arguments = [v, gradient, carried]
        results = [set.projection(moved.variable), moved.state]
    }

    func turn() {
        (value, nextValue) = (nextValue, value)
        (state, nextState) = (nextState, state)
    }

    var byteCount: Int { 2 * value.layout.byteCount + 2 * state.layout.byteCount }
}

/// What a solver moves: x, and z where it is learned; else the start that is given. Both move in one call.
final class MovingPair {
    private let leader: MovingVariable
    private let learnedStart: MovingVariable?
    private let givenStart: Point
    private let update: Replay

    init(
        _ upper: [Tensor], rule: UpdateRule, onto upperSet: Constraint = .wholeSpace, gradientLimit: Double? = nil,
        _ lower: [Tensor], _ initialization: Initialization, onto lowerSet: Constraint = .wholeSpace,
        along gradients: HypergradientPoints
    ) {
        let lowerLayout = gradients.start.layout
        let leader = MovingVariable(
            upper, gradients.upper.layout, rule: rule, onto: upperSet, gradientLimit: gradientLimit)
        let learnedStart = initialization.rule.map {
            MovingVariable(lower, lowerLayout, rule: $0, onto: lowerSet, gradientLimit: nil)
        }
        givenStart = Point(learnedStart == nil ? lowerLayout : lowerLayout.part(0..<0))
        if learnedStart == nil { givenStart.assign(lower) }
        update = Replay(
            CompiledFunction(
                of: leader.arguments + (learnedStart?.arguments ?? []),
                to: leader.results + (learnedStart?.results ?? [])))
        (self.leader, self.learnedStart) = (leader, learnedStart)
    }

    var x: Point { leader.value }
    var z: Point { learnedStart?.value ?? givenStart }
    /// What the rule of a learned z carries.
    var stateOfZ: Point? { learnedStart?.state }

    func move(along gradients: HypergradientPoints) {
        let x = leader
        if let z = learnedStart {
            update(
                x.value, gradients.upper, x.state, z.value, gradients.start, z.state,
                into: x.nextValue, x.nextState, z.nextValue, z.nextState)
            z.turn()
        } else {
            update(x.value, gradients.upper, x.state, into: x.nextValue, x.nextState)
        }
        x.turn()
    }

    var byteCount: Int {
        leader.byteCount + (learnedStart?.byteCount ?? givenStart.layout.byteCount)
            + update.function.temporariesByteCount
    }

    /// Velocities and moments of x, then those of a learned z.
    var states: [Point] { [leader.state] + (learnedStart.map { [$0.state] } ?? []) }
}

import Tensors

/// A variable that an update rule moves along gradients and a projection brings back to its set: its value, the rule's
/// state, and the compiled step between two copies of both.
final class MovingVariable {
    private(set) var value: PackedTensors
    private var nextValue: PackedTensors
    /// Velocities and moments.
    private(set) var state: PackedTensors
    private var nextState: PackedTensors
    private let update: Workspace

    /// - Parameter gradientLimit: coordinates of the gradient are clamped to ± this.
    init(_ variable: [Tensor], rule: UpdateRule, onto set: Constraint = .wholeSpace, gradientLimit: Double? = nil) {
        value = PackedTensors(copying: variable)
        nextValue = PackedTensors(value.layout)
        let start = rule.initialState(for: variable)
        state = PackedTensors(copying: start)
        nextState = PackedTensors(state.layout)
        let v = variable.map { $0.placeholder("v") }, slope = variable.map { $0.placeholder("g") },
            carried = start.map { $0.placeholder("s") }
        let moved = rule.step(
            v, gradient: gradientLimit.map { limit in slope.map { $0.clamp(-limit, limit) } } ?? slope, state: carried)
        update = Workspace(Program(inputs: v + slope + carried, outputs: set.projection(moved.variable) + moved.state))
    }

    /// - Parameter gradient: may hold more tensors than the variable; the first ones count.
    func move(along gradient: PackedTensors) {
        update.bind(inputs: 0, to: value)
        update.bind(inputs: value.count, to: gradient, count: value.count)
        update.bind(inputs: 2 * value.count, to: state)
        update.bind(outputs: 0, to: nextValue)
        update.bind(outputs: value.count, to: nextState)
        update.run()
        swap(&value, &nextValue)
        swap(&state, &nextState)
    }
}

/// What a solver moves: x, and z where it is learned; else the start that is given.
final class MovingPair {
    private let leader: MovingVariable
    private let learnedStart: MovingVariable?
    private let givenStart: PackedTensors

    init(
        _ upper: [Tensor], rule: UpdateRule, onto upperSet: Constraint = .wholeSpace, gradientLimit: Double? = nil,
        _ lower: [Tensor], _ initialization: Initialization, onto lowerSet: Constraint = .wholeSpace
    ) {
        leader = MovingVariable(upper, rule: rule, onto: upperSet, gradientLimit: gradientLimit)
        learnedStart = initialization.rule.map { MovingVariable(lower, rule: $0, onto: lowerSet) }
        givenStart = PackedTensors(copying: learnedStart == nil ? lower : [])
    }

    var x: PackedTensors { leader.value }
    var z: PackedTensors { learnedStart?.value ?? givenStart }
    /// What the rule of a learned z carries.
    var stateOfZ: PackedTensors? { learnedStart?.state }

    func move(along upperGradient: PackedTensors, _ startGradient: PackedTensors) {
        leader.move(along: upperGradient)
        learnedStart?.move(along: startGradient)
    }

    /// Velocities and moments of x, then those of a learned z: what a later run needs beside both to go on to the same
    /// bits.
    var state: [Tensor] {
        get { leader.state.tensors() + (learnedStart?.state.tensors() ?? []) }
        set {
            leader.state.assign(Array(newValue[..<leader.state.count]))
            learnedStart?.state.assign(Array(newValue[leader.state.count...]))
        }
    }
}

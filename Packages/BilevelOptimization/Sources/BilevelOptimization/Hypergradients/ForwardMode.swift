import Tensors

/// dF/dx, and dF/dy_0 where z is learned, by pushing one tangent at a time through the trajectory's steps:
/// ṡ_{k+1} = ∂Φ/∂s ṡ_k + ∂Φ/∂x ẋ (Franceschi et al. 2017, forward mode).
final class ForwardMode {
    /// (y_0, ẏ_0) to ṡ_0.
    private let start: Workspace
    /// (x, s, ẋ, ṡ) to ṡ'.
    private let step: Workspace
    private let lowerCount: Int
    private let upperTangent: PackedTensors
    private var tangent: PackedTensors, next: PackedTensors

    init<Upper: TensorTree, Lower: TensorTree>(
        _ problem: BilevelProblem<Upper, Lower>, dynamics: Dynamics, upper: Upper, lower: Lower,
        levels: CompiledLevels<Upper, Lower>
    ) {
        let x = upper.placeholders("x"), y = lower.placeholders("y")
        lowerCount = y.tensors.count
        let initial = y.tensors + dynamics.initialState(for: y.tensors),
            startTangent = y.tensors.map { $0.placeholder("ẏ") }
        start = Workspace(
            Program(
                inputs: y.tensors + startTangent,
                outputs: pushforward(of: initial, tangents: startTangent, withRespectTo: y.tensors)))
        let state = initial[lowerCount...].map { $0.placeholder("s") }
        let after = dynamics.step(problem, x, y, state: state), before = y.tensors + state
        let upperTangents = x.tensors.map { $0.placeholder("ẋ") }, tangents = before.map { $0.placeholder("ṡ") }
        let pushed = pushforward(
            of: after.lower + after.state, tangents: upperTangents + tangents, withRespectTo: x.tensors + before)
        step = Workspace(Program(inputs: x.tensors + before + upperTangents + tangents, outputs: pushed))
        upperTangent = PackedTensors(levels.upperLayout)
        tangent = PackedTensors(levels.stateLayout)
        next = PackedTensors(levels.stateLayout)
    }

    /// - Parameters:
    ///   - upperGradient: ∇_x F on entry, dF/dx on return.
    ///   - slope: ∇_y F at y_last on entry, dF/dy_first on return, or zeros when `withStart` is false.
    ///   - state: gives s_k.
    func callAsFunction(
        _ x: PackedTensors, from first: Int, to last: Int, upperGradient: PackedTensors, slope: PackedTensors,
        withStart: Bool,
        pool: ThreadPool?, state: (Int) -> PackedTensors
    ) {
        let direct = PackedTensors(slope.layout)
        direct.copy(from: slope)
        slope.clear()
        for i in 0..<upperGradient.elementCount() {
            upperTangent.clear()
            upperTangent[element: i] = 1
            tangent.clear()
            push(x, from: first, to: last, pool, state)
            upperGradient[element: i] += direct.dot(tangent, lowerCount)
        }
        upperTangent.clear()
        guard withStart else { return }
        let unit = PackedTensors(slope.layout)
        for i in 0..<slope.elementCount(lowerCount) {
            unit.clear()
            unit[element: i] = 1
            start.bind(inputs: 0, to: state(first), count: lowerCount)
            start.bind(inputs: lowerCount, to: unit, count: lowerCount)
            start.bind(outputs: 0, to: tangent)
            start.run(on: pool)
            push(x, from: first, to: last, pool, state)
            slope[element: i] = direct.dot(tangent, lowerCount)
        }
    }

    private func push(
        _ x: PackedTensors, from first: Int, to last: Int, _ pool: ThreadPool?, _ state: (Int) -> PackedTensors
    ) {
        for k in first..<last {
            step.bind(inputs: 0, to: x)
            step.bind(inputs: x.count, to: state(k))
            step.bind(inputs: x.count + tangent.count, to: upperTangent)
            step.bind(inputs: 2 * x.count + tangent.count, to: tangent)
            step.bind(outputs: 0, to: next)
            step.run(on: pool)
            swap(&tangent, &next)
        }
    }
}

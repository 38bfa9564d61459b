import Tensors

/// The compiled lower level: one step, its transpose, the upper value and its gradient. Immutable; shared by
/// workspaces.
struct CompiledLevels<Upper: TensorTree, Lower: TensorTree>: Sendable {
    /// y_0 to s_0, and (y_0, λ) to λ ∂s_0/∂y_0.
    let start: Program, transposedStart: Program
    /// (x, s) to s', s = (y, what the dynamics carries).
    let step: Program
    /// (x, s, λ, g) to (λ ∂s'/∂s, g + λ ∂s'/∂x): the transpose of one step, adding up the upper variable's part.
    let transposedStep: Program
    /// As `step` and `transposedStep`, with expensive intermediate values handed over from the first to the second: (x,
    /// s) to (s', r), and (x, s, λ, g, r) to the same as `transposedStep`. Nil where nothing is worth it.
    let keeping: (step: Program, transposedStep: Program, layout: PackedTensors.Layout)?
    /// (x, y) to F.
    let upperValue: Program
    /// (x, y) to (∂F/∂x, ∂F/∂y).
    let upperGradient: Program
    let upperLayout: PackedTensors.Layout
    let stateLayout: PackedTensors.Layout
    let lowerCount: Int

    init(_ problem: BilevelProblem<Upper, Lower>, dynamics: Dynamics, upper: Upper, lower: Lower) {
        let x = upper.placeholders("x"), y = lower.placeholders("y")
        let initial = y.tensors + dynamics.initialState(for: y.tensors)
        start = Program(inputs: y.tensors, outputs: initial)
        let initialAdjoint = initial.map { $0.placeholder("λ") }
        transposedStart = Program(
            inputs: y.tensors + initialAdjoint,
            outputs: pullback(of: initial, cotangents: initialAdjoint, withRespectTo: y.tensors))
        let state = initial[y.tensors.count...].map { $0.placeholder("s") }
        let next = dynamics.step(problem, x, y, state: state)
        let before = y.tensors + state, after = next.lower + next.state
        step = Program(inputs: x.tensors + before, outputs: after)

        let adjoint = after.map { $0.placeholder("λ") }, total = x.tensors.map { $0.placeholder("g") }
        let pulled = pullback(of: after, cotangents: adjoint, withRespectTo: before + x.tensors)
        let parts = zip(total, pulled[before.count...]).map { $0 + $1 }
        transposedStep = Program(
            inputs: x.tensors + before + adjoint + total, outputs: Array(pulled[..<before.count]) + parts)

        let inputs = x.tensors + before, results = Array(pulled[..<before.count]) + parts
        keeping = CompiledLevels.keepingProducts(
            of: after, inputs: inputs, cotangents: adjoint + total, results: results, step: step,
            transposedStep: transposedStep)

        let value = problem.upperObjective(x, y)
        precondition(value.count == 1, "upper objective: a scalar is needed, not \(value.shape)")
        upperValue = Program(inputs: x.tensors + y.tensors, outputs: [value])
        upperGradient = Program(
            inputs: x.tensors + y.tensors, outputs: gradient(of: value, withRespectTo: x.tensors + y.tensors))
        upperLayout = PackedTensors.Layout(of: x.tensors)
        stateLayout = PackedTensors.Layout(of: before)
        lowerCount = y.tensors.count
    }

    /// Keeps matrix products of the step for its transpose, if the step then computes nothing more than before and the
    /// transpose clearly less. Both are rewritten together first: what they share may stand in neither, as X·(W₁·W₂)
    /// where (X·W₁)·W₂ was written.
    private static func keepingProducts(
        of after: [Tensor], inputs: [Tensor], cotangents: [Tensor], results: [Tensor], step: Program,
        transposedStep: Program
    ) -> (step: Program, transposedStep: Program, layout: PackedTensors.Layout)? {
        let both = rewritten(after + results, inputs: inputs + cotangents)
        let after = Array(both[..<after.count]), results = Array(both[after.count...])
        let values = expensiveValues(after, for: results)
        guard !values.isEmpty else { return nil }
        let forward = Program(inputs: inputs, outputs: after + values)
        let backward = Program(inputs: inputs + cotangents + values, outputs: results)
        guard forward.floatingPointOperations <= step.floatingPointOperations,
            Double(backward.floatingPointOperations) < 0.9 * Double(transposedStep.floatingPointOperations)
        else { return nil }
        return (forward, backward, PackedTensors.Layout(of: values))
    }

    /// Bytes of temporaries that all programs share, of which one runs at a time.
    var temporariesByteCount: Int {
        let programs =
            [start, transposedStart, step, transposedStep, upperValue, upperGradient]
            + (keeping.map { [$0.step, $0.transposedStep] } ?? [])
        return programs.reduce(0) { max($0, $1.arenaByteCount) }
    }

    /// What a trajectory of so many steps will hold. What K does not multiply: the temporaries, both gradients with
    /// their spares, x and z with their updates.
    func plan(steps: Int, budget: Int?) throws(SolverError) -> TrajectoryPlan {
        try TrajectoryPlan(
            steps: steps, stateByteCount: stateLayout.byteCount, keptByteCountPerStep: keeping?.layout.byteCount,
            fixedByteCount: temporariesByteCount + 4 * upperLayout.byteCount + 4 * stateLayout.byteCount, budget: budget
        )
    }
}

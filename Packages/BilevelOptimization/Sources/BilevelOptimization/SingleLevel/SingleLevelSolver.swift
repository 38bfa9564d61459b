import Tensors

/// Runs a `SingleLevelMethod`. Belongs to one thread at a time.
public final class SingleLevelSolver<Upper: TensorTree, Lower: TensorTree>: BilevelSolver {
    public private(set) var iteration = 0

    private let phases: [(repetitions: Int, workspace: Workspace)]
    private let upperValue: Workspace
    private let upperTemplate: Upper, lowerTemplate: Lower
    private let upperCount: Int, lowerCount: Int
    private var state: PackedTensors, spare: PackedTensors
    private let before: PackedTensors
    private let value: PackedTensors

    public init(_ problem: BilevelProblem<Upper, Lower>, method: any SingleLevelMethod, upper: Upper, lower: Lower)
        throws(SolverError)
    {
        try checkPositive(method.positiveParameters.map { ("\(method.name), \($0.name)", $0.value) })
        try problem.check(startingFrom: upper, lower)
        let start = SingleLevelState(
            x: upper, y: lower, auxiliary: lower,
            t: Tensor(0, elementType: upper.tensors.first?.elementType ?? .float32))
        let input = start.placeholders("state")
        phases = method.phases(problem).map { phase in
            var moved = input
            phase.map(&moved)
            return (phase.repetitions, Workspace(Program(inputs: input.tensors, outputs: moved.tensors)))
        }
        let objective = problem.upperObjective(input.x, input.y)
        upperValue = Workspace(Program(inputs: input.tensors, outputs: [objective]))
        value = PackedTensors(PackedTensors.Layout(of: [objective]))
        upperTemplate = upper
        lowerTemplate = lower
        upperCount = upper.tensors.count
        lowerCount = lower.tensors.count
        state = PackedTensors(copying: start.tensors)
        spare = PackedTensors(state.layout)
        before = PackedTensors(state.layout)
    }

    public var upper: Upper { upperTemplate.with(state.tensors(upperCount)) }
    public var lower: Lower { lowerTemplate.with(Array(state.tensors(upperCount + lowerCount)[upperCount...])) }

    public func step() throws(SolverError) -> IterationReport {
        let clock = ContinuousClock(), start = clock.now
        before.copy(from: state)
        for phase in phases {
            for _ in 0..<phase.repetitions {
                phase.workspace.bind(inputs: 0, to: state)
                phase.workspace.bind(outputs: 0, to: spare)
                phase.workspace.run()
                swap(&state, &spare)
            }
        }
        upperValue.bind(inputs: 0, to: state)
        upperValue.bind(outputs: 0, to: value)
        upperValue.run()
        guard value[element: 0].isFinite, state.squaredNorm().isFinite else {
            state.copy(from: before)
            throw .notFinite(quantity: "upper objective or a variable", iteration: iteration + 1)
        }
        iteration += 1
        let moved = state.squaredDistance(from: before, upperCount).squareRoot()
        let all = state.squaredDistance(from: before, upperCount + lowerCount)
        return IterationReport(
            iteration: iteration, truncation: 0, upperValue: value[element: 0], finalUpperValue: value[element: 0],
            hypergradientNorm: moved,
            initializationGradientNorm: 0, lowerStepNorm: max(all - moved * moved, 0).squareRoot(), adjoint: nil,
            forwardSeconds: (clock.now - start).seconds, backwardSeconds: 0)
    }
}

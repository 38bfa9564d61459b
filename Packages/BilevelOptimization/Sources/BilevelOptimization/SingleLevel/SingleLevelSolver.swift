import Tensors

/// Runs a `SingleLevelMethod`. Belongs to one thread at a time.
public final class SingleLevelSolver<Upper: TensorTree, Lower: TensorTree>: BilevelSolver {
    /// Iterations that went well.
    public private(set) var iteration = 0

    private let phases: [(repetitions: Int, map: Replay)]
    private let upperValue: Replay
    private let upperTemplate: Upper, lowerTemplate: Lower
    /// (x, y, the auxiliary variable, t), where each lies; and the same before an iteration.
    private var point: Point, spare: Point
    private let before: Point
    /// x before the last iteration less x after it.
    private let move: Point
    private let upperPart: Range<Int>, lowerPart: Range<Int>
    private let paths: [String]
    private let value: Point

    /// - Throws: `SolverError` where the method's parameters or sets do not fit.
    public init(_ problem: BilevelProblem<Upper, Lower>, method: any SingleLevelMethod, upper: Upper, lower: Lower)
        throws(SolverError)
    {
        try checkPositive(method.positiveParameters.map { ("\(method.name), \($0.name)", $0.value) })
        try problem.check(startingFrom: upper, lower)
        let start = SingleLevelState(
            x: upper, y: lower, auxiliary: lower,
            t: Tensor(0, elementType: upper.tensors.first?.elementType ?? .float32))
        let input = start.placeholders("state"), compilation = Compilation()
        phases = method.phases(problem).map { phase in
            var moved = input
            phase.map(&moved)
            return (
                phase.repetitions,
                Replay(CompiledFunction(of: [input.tensors], to: [moved.tensors], in: compilation))
            )
        }
        let objective = problem.upperObjective(input.x, input.y)
        upperValue = Replay(CompiledFunction(of: [input.tensors], to: [[objective]], in: compilation))
        value = Point(PointLayout(of: [objective]))
        upperTemplate = upper
        lowerTemplate = lower
        upperPart = 0..<upper.tensors.count
        lowerPart = upperPart.upperBound..<(upperPart.upperBound + lower.tensors.count)
        paths = start.paths
        point = Point(copying: start)
        spare = Point(point.layout)
        before = Point(point.layout)
        move = Point(PointLayout(of: upper))
    }

    /// x. Another value must have its layout.
    public var upper: Upper {
        get { upperTemplate.with(point.part(upperPart).tensors) }
        set { point.part(upperPart).assign(newValue, as: "upper") }
    }

    /// y.
    public var lower: Lower { lowerTemplate.with(point.part(lowerPart).tensors) }

    /// y, from which the next iteration goes on.
    public var initialization: Lower {
        get { lower }
        set { point.part(lowerPart).assign(newValue, as: "initialization") }
    }

    /// Where x was before the last iteration less where it went.
    public var hypergradient: Upper { upperTemplate.with(move.tensors) }

    /// x, y, the auxiliary variable and t.
    public var state: SolverState { memory.state(iteration: iteration) }

    public func restore(_ state: SolverState) throws(SolverError) {
        try memory.restore(state)
        move.clear()
        iteration = state.iteration
    }

    private var memory: SolverMemory {
        var memory = SolverMemory()
        memory.add("", point, paths: paths)
        return memory
    }

    public func step() throws(SolverError) -> IterationReport {
        var stopwatch = Stopwatch()
        before.copy(from: point)
        for phase in phases {
            phase.map.repeated(
                phase.repetitions, .alternating(point, spare), into: .alternating(spare, point))
            if phase.repetitions % 2 == 1 { swap(&point, &spare) }
        }
        upperValue(point, into: value)
        guard value[element: 0].isFinite, point.squaredNorm().isFinite else {
            point.copy(from: before)
            throw .notFinite(quantity: "upper objective or a variable", iteration: iteration + 1)
        }
        move.copy(from: before.part(upperPart))
        move.add(-1, point.part(upperPart))
        iteration += 1
        func length(_ part: Range<Int>) -> Double {
            point.part(part).squaredDistance(from: before.part(part)).squareRoot()
        }
        return IterationReport(
            iteration: iteration, truncation: 0, upperValue: value[element: 0], finalUpperValue: value[element: 0],
            hypergradientNorm: length(upperPart), initializationGradientNorm: 0, lowerStepNorm: length(lowerPart),
            adjoint: nil, forwardSeconds: stopwatch.lap(), backwardSeconds: 0)
    }
}

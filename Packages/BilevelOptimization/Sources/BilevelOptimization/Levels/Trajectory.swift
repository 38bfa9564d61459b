import Tensors

/// The lower trajectory of one upper iteration: exactly one state a step, k = 0 … K, stored as far as the hypergradient
/// reads them.
public final class Trajectory {
    let levels: CompiledLevels
    let plan: TrajectoryPlan
    /// F(x, y_k) for k = 1 … K where it was asked for; NaN elsewhere, and at 0.
    public private(set) var upperValues: [Double]
    /// x of the last run.
    public var x: Point { given.x }
    /// y_0 of the last run.
    public var startingPoint: Point { given.start }
    /// y_K of the last run.
    public let lower: Point

    private var given: (x: Point, start: Point)

    /// States `first` … `first` + L, the stretch that is at hand; and the first state of each stretch, if there are
    /// several.
    private let stretch: PointSequence, checkpoints: PointSequence
    /// y of the states at hand.
    private let lowerStretch: PointSequence
    private var first: Int
    /// Before the first stored state: two states in turn.
    private let prelude: (Point, Point)?
    /// y_K, which outlives its stretch.
    private let last: Point
    /// Of the first stored steps, as many as the plan says.
    private let residuals: PointSequence
    private let start: Replay, step: Replay, keepingStep: Replay?, upperValue: Replay, upperGradient: Replay
    private let values: PointSequence
    private var valueCount = 0
    private let pool: ThreadPool?

    /// - Parameter temporaries: memory that all functions of a worker share.
    init(_ levels: CompiledLevels, plan: TrajectoryPlan, temporaries: Storage, pool: ThreadPool?) {
        func replay(_ function: CompiledFunction) -> Replay { Replay(function, temporaries: temporaries) }
        self.levels = levels
        self.plan = plan
        self.pool = pool
        let layout = levels.stateLayout, steps = plan.recordedStepCount, L = plan.checkpointInterval
        stretch = PointSequence(layout, count: L + 1)
        lowerStretch = stretch.part(levels.lowerPart)
        checkpoints = PointSequence(layout, count: L < steps ? (steps + L - 1) / L : 0)
        last = L < steps ? Point(layout) : stretch[steps]
        lower = last.part(levels.lowerPart)
        prelude = plan.firstState > 0 ? (Point(layout), Point(layout)) : nil
        first = plan.firstState
        let keeping = plan.residualStepCount > 0 ? levels.keeping : nil
        residuals = PointSequence(keeping?.layout ?? PointLayout(of: []), count: plan.residualStepCount)
        keepingStep = keeping.map { replay($0.function) }
        start = replay(levels.start)
        step = replay(levels.step)
        upperValue = replay(levels.upperValue)
        upperGradient = replay(levels.upperGradient)
        values = PointSequence(levels.upperValue.results[0], count: plan.stepCount + 1)
        upperValues = [Double](repeating: .nan, count: plan.stepCount + 1)
        given = (Point(levels.upperLayout), Point(layout.part(levels.lowerPart)))
    }

    /// K.
    public var stepCount: Int { plan.stepCount }

    // MARK: Forward

    /// Runs y_1 … y_K from y_0; F(x, y_k) at every step, or at the last only.
    /// - Parameter velocity: what the dynamics carries at first, in place of its own start; a constant for the
    ///   derivative.
    func run(_ x: Point, from lower: Point, velocity: Point? = nil, valuesAtEveryStep: Bool) {
        given = (x, lower)
        let origin = prelude?.0 ?? stretch[0]
        // Without velocities and the like the first state is y_0 itself.
        if levels.carriesNothing { origin.copy(from: lower) } else { start(lower, into: origin) }
        if let velocity { origin.part(levels.lowerPart.upperBound..<origin.count).copy(from: velocity) }
        valueCount = valuesAtEveryStep ? stepCount : 1
        first = plan.firstState
        if let (a, b) = prelude {
            step.repeated(first, .fixed(x), .alternating(a, b), into: .alternating(b, a), on: pool)
            stretch[0].copy(from: first % 2 == 0 ? a : b)
        }
        for begin in stride(from: plan.firstState, to: stepCount, by: plan.checkpointInterval) {
            if begin > first {
                stretch[0].copy(from: stretch[begin - first])
                first = begin
            }
            if checkpoints.count > 0 { checkpoints[number(of: begin)].copy(from: stretch[0]) }
            let count = min(plan.checkpointInterval, stepCount - begin)
            takeSteps(count)
            // A stretch at a time, so that the data of one level at a time stay in the cache.
            if valuesAtEveryStep {
                computeValues(from: begin + 1, count)
            } else if begin + count == stepCount {
                computeValues(from: stepCount, 1)
            }
        }
        if checkpoints.count > 0 { last.copy(from: stretch[stepCount - first]) }
    }

    /// States `first` + 1 … `first` + `count` from the stretch's first state.
    private func takeSteps(_ count: Int) {
        let keeping = residualSteps(first..<(first + count)).count, done = first - plan.firstState
        keepingStep?.repeated(
            keeping, .fixed(x), .each(stretch, from: 0), into: .each(stretch, from: 1), .each(residuals, from: done),
            on: pool)
        step.repeated(
            count - keeping, .fixed(x), .each(stretch, from: keeping), into: .each(stretch, from: keeping + 1), on: pool
        )
    }

    private func computeValues(from k: Int, _ count: Int) {
        upperValue.repeated(
            count, .fixed(x), .each(lowerStretch, from: k - first), into: .each(values, from: k),
            on: pool)
        values.copyFirstElements(k..<(k + count), to: &upperValues)
    }

    private func number(of step: Int) -> Int { (step - plan.firstState) / plan.checkpointInterval }

    /// k̄ of the last run.
    func chosenStep(_ truncation: Truncation) -> Int {
        switch truncation {
        case .none, .last: stepCount
        case .at(let k): k
        case .chosen(let choice): choice(upperValues)
        }
    }

    // MARK: What hypergradients read

    /// s_k; computed again from its checkpoint when it is not at hand. Valid until another state is asked for.
    public func state(_ k: Int) -> Point {
        bringToHand(k)
        return stretch[k - first]
    }

    /// y_k, as `state`.
    public func lower(_ k: Int) -> Point {
        bringToHand(k)
        return lowerStretch[k - first]
    }

    /// Those of the steps that have residuals: the first ones.
    func residualSteps(_ steps: Range<Int>) -> Range<Int> {
        let end = plan.firstState + plan.residualStepCount
        return steps.lowerBound..<max(steps.lowerBound, min(steps.upperBound, end))
    }

    /// Visits the steps of `steps` from the last to the first, stretch by stretch: their states are those of `states`,
    /// from number `states.first` on; residuals alike, for the steps that have them.
    func forEachStretchBackward(
        _ steps: Range<Int>, _ visit: (_ steps: Range<Int>, _ states: RecordedSteps, _ residuals: RecordedSteps) -> Void
    ) {
        var end = steps.upperBound
        while end > steps.lowerBound {
            bringToHand(end - 1)
            let begin = max(first, steps.lowerBound)
            visit(
                begin..<end, RecordedSteps(points: stretch, first: first),
                RecordedSteps(points: residuals, first: plan.firstState))
            end = begin
        }
    }

    /// F(x, y_k).
    func upperValue(at k: Int) -> Double {
        upperValue(x, lower(k), into: values[k], on: pool)
        return values[k][element: 0]
    }

    /// ∇_x F and ∇_y F at y_k.
    public func directGradient(at k: Int, upper: Point, lower: Point) {
        upperGradient(x, self.lower(k), into: upper, lower, on: pool)
    }

    private func bringToHand(_ k: Int) {
        require(
            k >= plan.firstState && k <= stepCount, "trajectory: state \(k) of those from \(plan.firstState) on")
        guard k < first || k > first + plan.checkpointInterval else { return }
        let number = number(of: min(k, stepCount - 1))
        first = plan.firstState + number * plan.checkpointInterval
        stretch[0].copy(from: checkpoints[number])
        takeSteps(min(plan.checkpointInterval, stepCount - first))
    }

    /// The time of each instruction in one replay of each function that ran in the last iteration.
    func profile() -> [Profile.Part] {
        [
            Profile.Part(
                program: "step", runs: stepCount, instructions: (keepingStep ?? step).profile(on: pool)),
            Profile.Part(program: "upper value", runs: valueCount, instructions: upperValue.profile(on: pool)),
        ]
    }
}

/// Points of some steps: step k's has number k - `first`.
struct RecordedSteps {
    let points: PointSequence, first: Int

    /// From step `k` back to the earlier ones.
    func backward(from k: Int) -> Course { .each(points, from: k - first, by: -1) }
}

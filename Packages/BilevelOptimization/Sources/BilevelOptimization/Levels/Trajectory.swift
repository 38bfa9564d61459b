import Tensors

/// The lower trajectory of one upper iteration and the derivative of F through it.
///
/// Exactly one state a step, k = 0 … K. The hypergradient replays the transpose of one step from k̄ down: dF/dx = ∂F/∂x
/// + Σ_k λ_{k+1} ∂Φ/∂x, λ_k = λ_{k+1} ∂Φ/∂y, λ_k̄ = ∂F/∂y (Franceschi et al. 2017, reverse mode, with each step's
/// inside computed again from its state).
final class Trajectory<Upper: TensorTree, Lower: TensorTree> {
    let levels: CompiledLevels<Upper, Lower>
    let plan: TrajectoryPlan
    /// F(x, y_k) for k = 1 … K where it was asked for; index 0 is unused.
    private(set) var upperValues: [Double]
    /// dF/dx and dF/dy_0; after `directGradient` the partial derivatives at y_k.
    private(set) var upperGradient: PackedTensors
    private(set) var startGradient: PackedTensors

    /// States `first` … `first` + L, the stretch that is at hand; and the first state of each stretch, if there are
    /// several.
    private let stretch: [PackedTensors], checkpoints: [PackedTensors]
    private var first = 0
    /// Of the last run and derivative.
    private var valueCount = 0, transposedStepCount = 0
    /// y_K, which outlives its stretch.
    private let last: PackedTensors
    /// Kept products of the first steps, as many as the plan says.
    private let kept: [PackedTensors]
    private let keepingStep: Workspace?, keepingTransposedStep: Workspace?
    private let start: Workspace, transposedStart: Workspace
    private let step: Workspace, transposedStep: Workspace, upperValue: Workspace, upperSlope: Workspace
    private let value: Storage
    private var upperSpare: PackedTensors, startSpare: PackedTensors
    private let valueType: ElementType
    private let pool: ThreadPool?

    init(_ levels: CompiledLevels<Upper, Lower>, plan: TrajectoryPlan, pool: ThreadPool?) {
        let temporaries = Storage(byteCount: levels.temporariesByteCount)
        func workspace(_ program: Program) -> Workspace { Workspace(program, temporaries: temporaries) }
        if let keeping = levels.keeping, plan.keptStepCount > 0 {
            kept = (0..<plan.keptStepCount).map { _ in PackedTensors(keeping.layout) }
            keepingStep = workspace(keeping.step)
            keepingTransposedStep = workspace(keeping.transposedStep)
        } else {
            kept = []
            keepingStep = nil
            keepingTransposedStep = nil
        }
        self.levels = levels
        self.plan = plan
        self.pool = pool
        let K = plan.stepCount, L = plan.checkpointInterval
        stretch = (0...L).map { _ in PackedTensors(levels.stateLayout) }
        checkpoints = L < K ? (0..<((K + L - 1) / L)).map { _ in PackedTensors(levels.stateLayout) } : []
        last = L < K ? PackedTensors(levels.stateLayout) : stretch[K]
        upperValues = [Double](repeating: .nan, count: K + 1)
        start = workspace(levels.start)
        transposedStart = workspace(levels.transposedStart)
        step = workspace(levels.step)
        transposedStep = workspace(levels.transposedStep)
        upperValue = workspace(levels.upperValue)
        upperSlope = workspace(levels.upperGradient)
        value = Storage(byteCount: 8)
        valueType = levels.upperValue.outputTypes[0].elementType
        upperGradient = PackedTensors(levels.upperLayout)
        upperSpare = PackedTensors(levels.upperLayout)
        startGradient = PackedTensors(levels.stateLayout)
        startSpare = PackedTensors(levels.stateLayout)
    }

    var stepCount: Int { plan.stepCount }
    var lowerCount: Int { levels.lowerCount }

    // MARK: Forward

    /// Runs y_1 … y_K from y_0; F(x, y_k) at every step, or at the last only.
    /// - Parameter velocity: what the dynamics carries at first, in place of its own start; a constant for the
    ///   derivative.
    func run(_ x: PackedTensors, from lower: PackedTensors, velocity: PackedTensors? = nil, valuesAtEveryStep: Bool) {
        start.bind(inputs: 0, to: lower)
        start.bind(outputs: 0, to: stretch[0])
        start.run()
        if let velocity { stretch[0].copy(from: velocity, to: lowerCount) }
        first = 0
        (valueCount, transposedStepCount) = (valuesAtEveryStep ? stepCount : 1, 0)
        for k in 0..<stepCount {
            if k - first == plan.checkpointInterval {
                stretch[0].copy(from: stretch[k - first])
                first = k
            }
            if k == first, !checkpoints.isEmpty { checkpoints[k / plan.checkpointInterval].copy(from: stretch[0]) }
            takeStep(x, k)
            // A stretch at a time, so that the data of one level at a time stay in the cache.
            if k + 1 == stepCount || k + 1 - first == plan.checkpointInterval {
                for j in first...k where valuesAtEveryStep || j + 1 == stepCount {
                    upperValues[j + 1] = upperValue(x, at: j + 1)
                }
            }
        }
        if !checkpoints.isEmpty { last.copy(from: stretch[stepCount - first]) }
    }

    /// y_K of the last run.
    var lower: PackedTensors { last }

    /// y_{k+1} from y_k, both in the stretch at hand.
    private func takeStep(_ x: PackedTensors, _ k: Int) {
        let step = k < kept.count ? keepingStep! : self.step, state = stretch[k - first]
        step.bind(inputs: 0, to: x)
        step.bind(inputs: x.count, to: state)
        step.bind(outputs: 0, to: stretch[k - first + 1])
        if k < kept.count { step.bind(outputs: state.count, to: kept[k]) }
        step.run(on: pool)
    }

    /// s_k; computed again from its checkpoint when it is not at hand.
    func state(_ k: Int, _ x: PackedTensors) -> PackedTensors {
        if k < first || k > first + plan.checkpointInterval {
            let number = min(k, stepCount - 1) / plan.checkpointInterval
            first = number * plan.checkpointInterval
            stretch[0].copy(from: checkpoints[number])
            for j in first..<min(first + plan.checkpointInterval, stepCount) { takeStep(x, j) }
        }
        return stretch[k - first]
    }

    /// k̄ of the last run.
    func chosenStep(_ truncation: Truncation) -> Int {
        let K = stepCount,
            worst = truncation.needsEveryValue ? (1...K).reduce(1) { upperValues[$1] > upperValues[$0] ? $1 : $0 } : K
        return switch truncation {
        case .none, .last, .pessimistic: worst
        case .at(let k): k
        case .referenceIndex: (worst + 1) / 2
        }
    }

    /// The step that the derivative goes back to.
    func firstStep(_ truncation: Truncation) -> Int { if case .last(let h) = truncation { stepCount - h } else { 0 } }

    /// F(x, y_k).
    func upperValue(_ x: PackedTensors, at k: Int) -> Double {
        upperValue.bind(inputs: 0, to: x)
        upperValue.bind(inputs: x.count, to: state(k, x), count: lowerCount)
        upperValue.bind(output: 0, to: value.address)
        upperValue.run(on: pool)
        return valueType == .float64 ? value.address.load(as: Double.self) : Double(value.address.load(as: Float.self))
    }

    // MARK: Derivatives

    /// ∇_x F and ∇_y F at y_k, into `upperGradient` and `startGradient`.
    func directGradient(_ x: PackedTensors, at k: Int) {
        startGradient.clear()  // F does not read what the dynamics carries besides y
        upperSlope.bind(inputs: 0, to: x)
        upperSlope.bind(inputs: x.count, to: state(k, x), count: lowerCount)
        upperSlope.bind(outputs: 0, to: upperGradient)
        upperSlope.bind(outputs: x.count, to: startGradient, count: lowerCount)
        upperSlope.run(on: pool)
    }

    /// 0 and y_0 - y_K, into `upperGradient` and `startGradient`.
    func displace(_ x: PackedTensors) {
        upperGradient.clear()
        startGradient.clear()
        let end = last
        startGradient.add(1, state(0, x), lowerCount)
        startGradient.add(-1, end, lowerCount)
    }

    /// dF(x, y_last)/dx through the steps `first` … `last`, and dF/dy_first, in reverse mode.
    func differentiate(_ x: PackedTensors, from firstStep: Int, to lastStep: Int) {
        directGradient(x, at: lastStep)
        transposedStepCount = lastStep - firstStep
        let stateCount = levels.stateLayout.types.count
        for k in stride(from: lastStep - 1, through: firstStep, by: -1) {
            let transposedStep = k < kept.count ? keepingTransposedStep! : self.transposedStep
            transposedStep.bind(inputs: 0, to: x)
            transposedStep.bind(inputs: x.count, to: state(k, x))
            transposedStep.bind(inputs: x.count + stateCount, to: startGradient)
            transposedStep.bind(inputs: x.count + 2 * stateCount, to: upperGradient)
            if k < kept.count { transposedStep.bind(inputs: 2 * x.count + 2 * stateCount, to: kept[k]) }
            transposedStep.bind(outputs: 0, to: startSpare)
            transposedStep.bind(outputs: stateCount, to: upperSpare)
            transposedStep.run(on: pool)
            swap(&startGradient, &startSpare)
            swap(&upperGradient, &upperSpare)
        }
        // What the dynamics carries starts from y_0 too.
        transposedStart.bind(inputs: 0, to: state(firstStep, x), count: lowerCount)
        transposedStart.bind(inputs: lowerCount, to: startGradient)
        transposedStart.bind(outputs: 0, to: startSpare, count: lowerCount)
        transposedStart.run()
        swap(&startGradient, &startSpare)
    }

    /// The time of each instruction in one replay of each program that ran in the last iteration.
    func profile() -> [Profile.Part] {
        let programs = [
            ("step", stepCount, kept.isEmpty ? step : keepingStep!), ("upper value", valueCount, upperValue),
            ("transposed step", transposedStepCount, kept.isEmpty ? transposedStep : keepingTransposedStep!),
        ]
        // What did not run is bound to no memory.
        return programs.filter { $0.1 > 0 }.map {
            Profile.Part(program: $0, runs: $1, instructions: $2.profile(on: pool))
        }
    }
}

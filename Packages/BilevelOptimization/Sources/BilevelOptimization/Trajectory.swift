import Tensors

/// The lower trajectory of one upper iteration and the derivative of F through it.
///
/// Exactly one state a step, k = 0 … K. The hypergradient replays the transpose of one step from k̄ down:
/// dF/dx = ∂F/∂x + Σ_k λ_{k+1} ∂Φ/∂x, λ_k = λ_{k+1} ∂Φ/∂y, λ_k̄ = ∂F/∂y (Franceschi et al. 2017, reverse mode, with each
/// step's inside computed again from its state).
final class Trajectory<Upper: TensorTree, Lower: TensorTree> {
    let levels: CompiledLevels<Upper, Lower>
    let states: [PackedTensors]
    /// F(x, y_k) for k = 1 … K where it was asked for; index 0 is unused.
    private(set) var upperValues: [Double]
    /// dF/dx and dF/dy_0.
    private(set) var upperGradient: PackedTensors
    private(set) var startGradient: PackedTensors

    /// Kept products of the first steps, as many as the budget allows.
    private let kept: [PackedTensors]
    private let keepingStep: Workspace?, keepingTransposedStep: Workspace?
    private let start: Workspace, transposedStart: Workspace
    private let step: Workspace, transposedStep: Workspace, upperValue: Workspace, upperSlope: Workspace
    private let value: Storage
    private var upperSpare: PackedTensors, startSpare: PackedTensors
    private let valueType: ElementType
    private let pool: ThreadPool?

    /// - Parameter memoryBudget: bytes that kept products may take; steps beyond it are computed again in the derivative.
    init(_ levels: CompiledLevels<Upper, Lower>, steps: Int, memoryBudget: Int, pool: ThreadPool?) {
        if let keeping = levels.keeping, memoryBudget >= keeping.layout.byteCount {
            kept = (0..<min(steps, memoryBudget / keeping.layout.byteCount)).map { _ in PackedTensors(keeping.layout) }
            keepingStep = Workspace(keeping.step)
            keepingTransposedStep = Workspace(keeping.transposedStep)
        } else {
            kept = []
            keepingStep = nil
            keepingTransposedStep = nil
        }
        self.levels = levels
        self.pool = pool
        states = (0...steps).map { _ in PackedTensors(levels.stateLayout) }
        upperValues = [Double](repeating: .nan, count: steps + 1)
        start = Workspace(levels.start)
        transposedStart = Workspace(levels.transposedStart)
        step = Workspace(levels.step)
        transposedStep = Workspace(levels.transposedStep)
        upperValue = Workspace(levels.upperValue)
        upperSlope = Workspace(levels.upperGradient)
        value = Storage(byteCount: 8)
        valueType = levels.upperValue.outputTypes[0].elementType
        upperGradient = PackedTensors(levels.upperLayout)
        upperSpare = PackedTensors(levels.upperLayout)
        startGradient = PackedTensors(levels.stateLayout)
        startSpare = PackedTensors(levels.stateLayout)
    }

    var keptStepCount: Int { kept.count }
    var stepCount: Int { states.count - 1 }
    var lowerCount: Int { levels.lowerCount }

    /// Runs y_1 … y_K from y_0; F(x, y_k) at every step, or at the last only.
    func run(_ x: PackedTensors, from lower: PackedTensors, valuesAtEveryStep: Bool) {
        start.bind(inputs: 0, to: lower)
        start.bind(outputs: 0, to: states[0])
        start.run()
        for k in 0..<stepCount {
            let step = k < kept.count ? keepingStep! : self.step
            step.bind(inputs: 0, to: x)
            step.bind(inputs: x.count, to: states[k])
            step.bind(outputs: 0, to: states[k + 1])
            if k < kept.count { step.bind(outputs: states[k].count, to: kept[k]) }
            step.run(on: pool)
            if valuesAtEveryStep || k + 1 == stepCount { upperValues[k + 1] = upperValue(x, at: k + 1) }
        }
    }

    /// F(x, y_k).
    func upperValue(_ x: PackedTensors, at k: Int) -> Double {
        upperValue.bind(inputs: 0, to: x)
        upperValue.bind(inputs: x.count, to: states[k], count: lowerCount)
        upperValue.bind(output: 0, to: value.address)
        upperValue.run(on: pool)
        return valueType == .float64 ? value.address.load(as: Double.self) : Double(value.address.load(as: Float.self))
    }

    /// dF(x, y_last)/dx through the steps `first` … `last`, and dF/dy_first.
    func differentiate(_ x: PackedTensors, from first: Int, to last: Int) {
        startGradient.clear()  // F does not read what the dynamics carries besides y
        upperSlope.bind(inputs: 0, to: x)
        upperSlope.bind(inputs: x.count, to: states[last], count: lowerCount)
        upperSlope.bind(outputs: 0, to: upperGradient)
        upperSlope.bind(outputs: x.count, to: startGradient, count: lowerCount)
        upperSlope.run(on: pool)
        let stateCount = states[0].count
        for k in stride(from: last - 1, through: first, by: -1) {
            let transposedStep = k < kept.count ? keepingTransposedStep! : self.transposedStep
            transposedStep.bind(inputs: 0, to: x)
            transposedStep.bind(inputs: x.count, to: states[k])
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
        transposedStart.bind(inputs: 0, to: states[first], count: lowerCount)
        transposedStart.bind(inputs: lowerCount, to: startGradient)
        transposedStart.bind(outputs: 0, to: startSpare, count: lowerCount)
        transposedStart.run()
        swap(&startGradient, &startSpare)
    }

    /// Seconds per instruction of one step, one upper value and one transposed step: where the time goes.
    func profile(_ x: PackedTensors) -> [(program: String, instruction: String, floatingPointOperations: Int, isProduct: Bool, seconds: Double)] {
        [("step", step), ("upper value", upperValue), ("transposed step", transposedStep)].flatMap { name, workspace in
            workspace.profile(on: pool).map { (name, $0.instruction, $0.floatingPointOperations, $0.isProduct, $0.seconds) }
        }
    }
}

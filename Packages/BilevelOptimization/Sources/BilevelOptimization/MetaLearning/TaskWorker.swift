import Tensors

/// One task's memory: its data, context, trajectory and gradients. Belongs to one thread at a time.
final class TaskWorker<Upper: TensorTree, Data: TensorTree, Context: TensorTree, Lower: TensorTree> {
    let data: PackedTensors
    /// dF/dx and dF/dz of this task.
    let upperGradient: PackedTensors, startGradient: PackedTensors
    private(set) var truncation = 0
    private(set) var upperValue = 0.0
    let prediction: PackedTensors

    private let programs: CompiledMetaProblem<Upper, Data, Context, Lower>
    private let trajectory: Trajectory<TreePair<Context, Lower>, Lower>
    /// The same, unless the training's dynamics look at the upper level.
    private let predictionTrajectory: Trajectory<TreePair<Context, Lower>, Lower>
    private let context: Workspace, transposedContext: Workspace, predict: Workspace
    /// The context, and a copy of z beside it.
    private let pair: PackedTensors
    private let kept: PackedTensors

    init(
        _ programs: CompiledMetaProblem<Upper, Data, Context, Lower>, steps: Int, dataLayout: PackedTensors.Layout,
        upperLayout: PackedTensors.Layout, startLayout: PackedTensors.Layout
    ) throws(SolverError) {
        self.programs = programs
        let levels = programs.levels
        trajectory = Trajectory(levels, plan: try levels.plan(steps: steps, budget: nil), pool: nil)
        predictionTrajectory =
            try programs.predictionLevels.map { (levels) throws(SolverError) in
                Trajectory(levels, plan: try levels.plan(steps: steps, budget: nil), pool: nil)
            } ?? trajectory
        context = Workspace(programs.context)
        transposedContext = Workspace(programs.transposedContext)
        predict = Workspace(programs.prediction)
        data = PackedTensors(dataLayout)
        pair = PackedTensors(levels.upperLayout)
        kept = PackedTensors(programs.keptLayout)
        upperGradient = PackedTensors(upperLayout)
        startGradient = PackedTensors(startLayout)
        prediction = PackedTensors(programs.predictionLayout)
    }

    private func prepare(_ x: PackedTensors, _ z: PackedTensors) {
        context.bind(inputs: 0, to: x)
        context.bind(inputs: x.count, to: data)
        context.bind(outputs: 0, to: pair, count: programs.contextCount)
        context.bind(outputs: programs.contextCount, to: kept)
        context.run()
        for i in 0..<z.count {
            let (shape, type) = z.layout.types[i]
            pair.address(programs.contextCount + i).copyMemory(
                from: z.address(i), byteCount: shape.count * type.byteCount)
        }
    }

    /// F(c, y_k̄), dF/dx and dF/dz.
    func differentiate(_ x: PackedTensors, _ z: PackedTensors, method: Method) {
        prepare(x, z)
        trajectory.run(pair, from: z, valuesAtEveryStep: method.truncation.needsEveryValue)
        truncation = trajectory.chosenStep(method.truncation)
        upperValue =
            trajectory.upperValues[truncation].isNaN
            ? trajectory.upperValue(pair, at: truncation) : trajectory.upperValues[truncation]
        switch method.hypergradient {
        case .firstOrder: trajectory.directGradient(pair, at: truncation)
        case .displacement: trajectory.displace(pair)
        default: trajectory.differentiate(pair, from: trajectory.firstStep(method.truncation), to: truncation)
        }
        transposedContext.bind(inputs: 0, to: x)
        transposedContext.bind(inputs: x.count, to: data)
        transposedContext.bind(inputs: x.count + data.count, to: kept)
        transposedContext.bind(
            inputs: x.count + data.count + kept.count, to: trajectory.upperGradient, count: programs.contextCount)
        transposedContext.bind(outputs: 0, to: upperGradient)
        transposedContext.run()
        startGradient.clear()
        startGradient.add(1, trajectory.startGradient, startGradient.count)
        // f may read z itself, beside y_0.
        for i in 0..<startGradient.count {
            startGradient.add(tensor: i, from: trajectory.upperGradient, tensor: programs.contextCount + i)
        }
    }

    /// The prediction at y_K.
    func solve(_ x: PackedTensors, _ z: PackedTensors) {
        prepare(x, z)
        let trajectory = predictionTrajectory
        trajectory.run(pair, from: z, valuesAtEveryStep: false)
        upperValue = trajectory.upperValues[trajectory.stepCount]
        predict.bind(inputs: 0, to: pair, count: programs.contextCount)
        predict.bind(inputs: programs.contextCount, to: trajectory.lower, count: trajectory.lowerCount)
        predict.bind(outputs: 0, to: prediction)
        predict.run()
    }

    /// Of the last task.
    func profile() -> [Profile.Part] {
        [("context", context), ("transposed context", transposedContext)].map {
            Profile.Part(program: $0, runs: 1, instructions: $1.profile(on: nil))
        } + trajectory.profile()
    }
}

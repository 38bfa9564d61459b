import Tensors

/// One task's memory: its data, context, trajectory and gradients. Belongs to one thread at a time.
final class TaskWorker {
    let data: Point
    /// dF/dx and dF/dz of this task.
    let gradients: HypergradientPoints
    private(set) var truncation = 0
    private(set) var upperValue = 0.0
    let prediction: Point
    /// Of everything that it holds.
    let byteCount: Int

    private let problem: CompiledMetaProblem
    private let method: Method
    private let trajectory: Trajectory
    private let computation: any HypergradientComputation
    /// The same trajectory, unless the training's dynamics look at the upper level.
    private let predictionTrajectory: Trajectory
    private let context: Replay, transposedContext: Replay, predict: Replay
    /// The context beside a copy of z, and the derivatives with respect to both.
    private let pair: Point, pairGradients: HypergradientPoints
    /// Of the context; nil where none are kept.
    private let residuals: Point?
    private let pool: ThreadPool?

    /// - Parameter pool: what a task that runs alone is split over; beside others each keeps to its thread.
    init(_ problem: CompiledMetaProblem, method: Method, plan: TaskPlan, pool: ThreadPool?) {
        self.problem = problem
        self.method = method
        self.pool = pool
        byteCount = plan.byteCount
        let temporaries = Storage(byteCount: plan.temporariesByteCount)
        (trajectory, computation) = problem.task.worker(plan.trajectory, temporaries: temporaries, pool: pool)
        if let predictionTask = problem.predictionTask, let predictionPlan = plan.predictionTrajectory {
            predictionTrajectory = predictionTask.worker(predictionPlan, temporaries: temporaries, pool: pool).0
        } else {
            predictionTrajectory = trajectory
        }
        context = Replay(plan.keeping?.function ?? problem.context.function, temporaries: temporaries)
        transposedContext = Replay(plan.keeping?.transposed ?? problem.context.transposed, temporaries: temporaries)
        predict = Replay(problem.prediction, temporaries: temporaries)
        data = Point(problem.dataLayout)
        pair = Point(problem.pairLayout)
        pairGradients = HypergradientPoints(upper: problem.pairLayout, lower: problem.lowerLayout)
        residuals = (plan.keeping?.layout).map { Point($0) }
        gradients = HypergradientPoints(upper: problem.upperLayout, lower: problem.lowerLayout)
        prediction = Point(problem.prediction.results[0])
    }

    private func prepare(_ x: Point, _ z: Point) {
        let c = pair.part(problem.contextPart)
        if let residuals {
            context(x, data, into: c, residuals, on: pool)
        } else {
            context(x, data, into: c, on: pool)
        }
        pair.part(problem.startPart).copy(from: z)
    }

    /// F(c, y_k̄), dF/dx and dF/dz.
    func differentiate(_ x: Point, _ z: Point) {
        prepare(x, z)
        trajectory.run(pair, from: z, valuesAtEveryStep: method.truncation.needsEveryValue)
        truncation = trajectory.chosenStep(method.truncation)
        upperValue = trajectory.upperValues[truncation]
        if upperValue.isNaN { upperValue = trajectory.upperValue(at: truncation) }
        _ = computation(
            trajectory, from: method.loop.firstDifferentiatedStep, to: truncation, into: pairGradients, pool: pool)
        let cotangent = pairGradients.upper.part(problem.contextPart)
        if let residuals {
            transposedContext(x, data, cotangent, residuals, into: gradients.upper, on: pool)
        } else {
            transposedContext(x, data, cotangent, into: gradients.upper, on: pool)
        }
        // f may read z itself, beside y_0.
        gradients.start.copy(from: pairGradients.start)
        gradients.start.accumulate(pairGradients.upper.part(problem.startPart))
    }

    /// The prediction at y_K.
    func solve(_ x: Point, _ z: Point) {
        prepare(x, z)
        let trajectory = predictionTrajectory
        trajectory.run(pair, from: z, valuesAtEveryStep: false)
        upperValue = trajectory.upperValues[trajectory.stepCount]
        predict(pair.part(problem.contextPart), trajectory.lower, into: prediction, on: pool)
    }

    /// Of the last task.
    var profile: Profile {
        let parts = [("context", context), ("transposed context", transposedContext)].map {
            Profile.Part(program: $0, runs: 1, instructions: $1.profile())
        }
        return Profile(parts: parts + trajectory.profile(with: computation, on: nil).parts)
    }
}

import Tensors

/// What a task's worker will hold, known before any of it is made.
struct TaskPlan {
    /// Of the context; nil where none are kept.
    let keeping: Linearization.Keeping?
    let trajectory: TrajectoryPlan
    /// Of predictions whose dynamics are not the training's; nil where they are.
    let predictionTrajectory: TrajectoryPlan?
    let temporariesByteCount: Int
    /// Whether more memory would save computing something again.
    let computesAgain: Bool

    /// Of everything that the worker holds.
    var byteCount: Int { trajectory.byteCount }

    /// - Parameters:
    ///   - memoryBudget: bytes for the worker; nil keeps what pays.
    ///   - residualLimit: bytes of the trajectory's residuals where no budget is given.
    init(_ problem: CompiledMetaProblem, memoryBudget: Int?, residualLimit: Int) throws(SolverError) {
        var fixedByteCount =
            problem.dataLayout.byteCount + problem.upperLayout.byteCount + 2 * problem.pairLayout.byteCount
            + 2 * problem.lowerLayout.byteCount + problem.prediction.results[0].byteCount
        // It keeps its end alone: there is no leaner plan.
        predictionTrajectory = try problem.predictionTask?.plan(besides: 0, memoryBudget: nil, residualLimit: 0)
        fixedByteCount += predictionTrajectory?.byteCount ?? 0
        let task = problem.task
        // A plan counts the task's temporaries; the context's, whole images, are larger.
        func contextByteCount(_ keeping: Linearization.Keeping?) -> Int {
            problem.temporariesByteCount(keeping: keeping) - task.temporariesByteCount
                + (keeping?.layout.byteCount ?? 0)
        }
        var keeping = problem.context.keeping
        if let memoryBudget, contextByteCount(keeping) > contextByteCount(nil) {
            // The context's residuals are read once a task; states and temporaries come first.
            let needed = try? task.plan(besides: fixedByteCount + contextByteCount(keeping), memoryBudget: memoryBudget)
            if needed == nil { keeping = nil }
        }
        self.keeping = keeping
        fixedByteCount += contextByteCount(keeping)
        temporariesByteCount = problem.temporariesByteCount(keeping: keeping)
        trajectory = try task.plan(besides: fixedByteCount, memoryBudget: memoryBudget, residualLimit: residualLimit)
        computesAgain = trajectory.computesAgain || (keeping == nil) != (problem.context.keeping == nil)
    }
}

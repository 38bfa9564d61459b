import Tensors

/// Solves a `MetaProblem`: each `step` is one meta-iteration over a batch of tasks, which run side by side, each on one
/// thread; a task that has no other beside it, or takes much memory, is split over all. Gradients are added in the
/// order of the tasks, so the bits do not depend on the number of threads.
public final class MetaSolver<Upper: TensorTree, Data: TensorTree, Context: TensorTree, Lower: TensorTree> {
    /// Writes the data of the task with a number into place; called on the tasks' threads.
    public typealias Fill = @Sendable (_ index: Int, _ data: TaskData) -> Void

    /// How each task is solved and differentiated.
    public let method: Method
    /// Meta-iterations that went well.
    public private(set) var iteration = 0
    /// What fills a batch in `step()`: task `index` of meta-iteration `iteration`, both from 0.
    public var tasks: (@Sendable (_ iteration: Int, _ index: Int, _ data: TaskData) -> Void)?

    private let upperTemplate: Upper, lowerTemplate: Lower
    private let moving: MovingPair
    /// Where the mean is formed; and that of the last batch that went well.
    private let gradients: HypergradientPoints, lastGradients: HypergradientPoints
    /// One a thread, or one alone: tasks run in rounds of as many.
    let workers: [TaskWorker]
    /// Tasks of a meta-iteration.
    public let batchSize: Int
    private let pool: ThreadPool?

    /// - Parameters:
    ///   - data: one task's data, or any of its shapes.
    ///   - batchSize: tasks of a meta-iteration.
    ///   - gradientLimit: coordinates of dF/dx are clamped to ± this.
    ///   - memoryBudget: bytes for what all workers hold together; nil keeps what pays, and of the trajectories'
    ///     residuals `residualLimit` bytes in all. Where tasks side by side would have to compute again what one alone
    ///     may keep, they run one after the other.
    ///   - sideBySideLimit: bytes of a worker up to which tasks run side by side; above it they run one after the
    ///     other, each split over all threads, which costs little where kernels are large. Not looked at with a budget.
    public init(
        _ problem: MetaProblem<Upper, Data, Context, Lower>, method: Method, upperRule: UpdateRule, upper: Upper,
        lower: Lower, data: Data, batchSize: Int, gradientLimit: Double? = nil, threads: Int = 1,
        memoryBudget: Int? = nil, residualLimit: Int = 512 << 20,
        sideBySideLimit: Int = 512 << 20
    ) throws(SolverError) {
        try method.check(for: .wholeSpace, upperRule: upperRule)
        try checkAtLeastOne("meta-batch", batchSize)
        guard method.hypergradient.estimator.reachesStart || !method.initialization.isLearned else {
            throw .incompatible(
                .hypergradient, expected: "for a learned start one that reaches it",
                got: "\(method.hypergradient)",
                nearest: "reverse mode")
        }
        guard method.initialization != .warmStart else {
            throw .incompatible(
                .initialization, expected: "for meta-learning a fixed or a learned start", got: "a warm start",
                nearest: "a learned initialization")
        }
        guard !method.startsFromVelocityOfInitialization else {
            throw .incompatible(
                .initialization, expected: "for tasks velocities that start as zeros", got: "z's",
                nearest: "velocities that start as zeros")
        }
        self.method = method
        self.batchSize = batchSize
        upperTemplate = upper
        lowerTemplate = lower
        let compiled = CompiledMetaProblem(problem, method: method, upper: upper, lower: lower, data: data)
        gradients = HypergradientPoints(upper: compiled.upperLayout, lower: compiled.lowerLayout)
        moving = MovingPair(
            upper.tensors, rule: upperRule, gradientLimit: gradientLimit, lower.tensors, method.initialization,
            along: gradients)
        lastGradients = HypergradientPoints(upper: compiled.upperLayout, lower: compiled.lowerLayout)
        let pool = threads > 1 ? ThreadPool(threadCount: threads) : nil
        self.pool = pool
        // Side by side each has its share of the memory; one alone, split over all threads, has it all.
        func plan(of count: Int) throws(SolverError) -> TaskPlan {
            try TaskPlan(
                compiled, memoryBudget: memoryBudget.map { $0 / count }, residualLimit: residualLimit / count)
        }
        let count = min(batchSize, max(threads, 1)), alone = try plan(of: 1)
        var plans = [alone]
        if count > 1, let share = try? plan(of: count),
            memoryBudget == nil ? share.byteCount <= sideBySideLimit : !share.computesAgain || alone.computesAgain
        {
            plans = Array(repeating: share, count: count)
        }
        workers = plans.map { TaskWorker(compiled, method: method, plan: $0, pool: pool) }
    }

    // MARK: Values

    /// x. Another value must have its layout.
    public var upper: Upper {
        get { upperTemplate.with(moving.x.tensors) }
        set { moving.x.assign(newValue, as: "upper") }
    }

    /// z, where every task starts.
    public var initialization: Lower {
        get { lowerTemplate.with(moving.z.tensors) }
        set { moving.z.assign(newValue, as: "initialization") }
    }

    /// Each task has a y of its own: this is their common start.
    public var lower: Lower { initialization }

    /// dF/dx and dF/dz of the last batch.
    public var hypergradient: Upper { upperTemplate.with(lastGradients.upper.tensors) }
    /// dF/dz of the last batch, a mean over its tasks.
    public var initializationGradient: Lower { lowerTemplate.with(lastGradients.start.tensors) }

    /// x, z, and what moves them.
    public var state: SolverState { memory.state(iteration: iteration) }

    public func restore(_ state: SolverState) throws(SolverError) {
        try memory.restore(state)
        lastGradients.clear()
        iteration = state.iteration
    }

    private var memory: SolverMemory {
        var memory = SolverMemory()
        memory.add("x", moving.x, paths: upperTemplate.paths)
        memory.add("z", moving.z, paths: lowerTemplate.paths)
        memory.add("update", moving.states)
        return memory
    }

    // MARK: Iterating

    /// One meta-iteration over the tasks of `tasks`, which must be set. When it throws, every value is as it was
    /// before.
    public func step() throws(SolverError) -> MetaReport {
        guard let tasks else { throw .nothingToLearn(.noTasks) }
        let iteration = self.iteration
        return try step { index, data in tasks(iteration, index, data) }
    }

    /// One meta-iteration over as many tasks as the batch holds. When it throws, every value is as it was before.
    public func step(fill: Fill) throws(SolverError) -> MetaReport {
        var report = try computeHypergradient(fill: fill)
        var stopwatch = Stopwatch()
        moving.move(along: lastGradients)
        iteration += 1
        report.seconds += stopwatch.lap()
        return report
    }

    /// Everything of a meta-iteration but the updates.
    public func computeHypergradient(fill: Fill) throws(SolverError) -> MetaReport {
        let x = moving.x, z = moving.z
        var stopwatch = Stopwatch()
        gradients.upper.clear()
        gradients.start.clear()
        let share = 1 / Double(batchSize)
        var value = 0.0, truncation = 0.0
        forEachTask(batchSize) { index, worker in
            fill(index, TaskData(point: worker.data))
            worker.differentiate(x, z)
        } then: { _, worker in
            gradients.upper.add(share, worker.gradients.upper)
            gradients.start.add(share, worker.gradients.start)
            value += share * worker.upperValue
            truncation += share * Double(worker.truncation)
        }
        let upperNorm = gradients.upper.norm(), startNorm = gradients.start.norm()
        for (quantity, number) in [
            ("upper objective", value), ("hypergradient", upperNorm), ("gradient of the initialization", startNorm),
        ] where !number.isFinite {
            throw .notFinite(quantity: quantity, iteration: iteration + 1)
        }
        lastGradients.copy(from: gradients)
        return MetaReport(
            iteration: iteration + 1, upperValue: value, meanTruncation: truncation,
            hypergradientNorm: upperNorm, initializationGradientNorm: startNorm, seconds: stopwatch.lap())
    }

    /// Solves `count` tasks with x and z as they are: the prediction at y_K and F of each, in their order. The steps
    /// never read F.
    public func predictions(count: Int, fill: Fill) -> [(prediction: Tensor, upperValue: Double)] {
        var results: [(prediction: Tensor, upperValue: Double)] = []
        let x = moving.x, z = moving.z
        forEachTask(count) { index, worker in
            fill(index, TaskData(point: worker.data))
            worker.solve(x, z)
        } then: { _, worker in
            results.append((worker.prediction.tensors[0], worker.upperValue))
        }
        return results
    }

    /// Runs tasks in rounds, each on a worker of its own; `then` follows each round in the order of the tasks.
    private func forEachTask(_ count: Int, _ body: (Int, TaskWorker) -> Void, then: (Int, TaskWorker) -> Void) {
        for first in stride(from: 0, to: count, by: workers.count) {
            let n = min(workers.count, count - first)
            if let pool, n > 1 {
                pool.run(pieces: n) { body(first + $0, workers[$0]) }
            } else {
                for i in 0..<n { body(first + i, workers[i]) }
            }
            for i in 0..<n { then(first + i, workers[i]) }
        }
    }

    /// Where the time of one task goes. Call after `step`.
    public var profile: Profile { workers[0].profile }
}

extension MetaSolver: BilevelSolver {}

/// A task's data tensors in place, to be filled without allocating.
public struct TaskData {
    let point: Point

    /// The memory of float32 tensor `index` of the data tree.
    public func floats(
        _ index: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> UnsafeMutableBufferPointer<Float> { point.floats(index, file: file, line: line) }

    /// Copies values in; their number, shapes and types must be those of the data tree.
    public func assign(_ tensors: [Tensor], file: StaticString = #fileID, line: UInt = #line) {
        point.assign(tensors, file: file, line: line)
    }
}

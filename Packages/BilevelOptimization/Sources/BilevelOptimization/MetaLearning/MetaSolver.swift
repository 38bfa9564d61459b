import Foundation
import Tensors

/// Solves a `MetaProblem`: each `step` is one meta-iteration over a batch of tasks, which run side by side, each on one
/// thread. Gradients are added in the order of the tasks, so the bits do not depend on the number of threads.
public final class MetaSolver<Upper: TensorTree, Data: TensorTree, Context: TensorTree, Lower: TensorTree> {
    public let method: Method
    public private(set) var iteration = 0

    private let upperTemplate: Upper, lowerTemplate: Lower
    private let moving: MovingPair
    private let upperGradient: PackedTensors, startGradient: PackedTensors
    /// One a thread: tasks run in rounds of as many.
    private let workers: [TaskWorker<Upper, Data, Context, Lower>]
    public let batchSize: Int
    private let pool: ThreadPool?

    /// - Parameters:
    ///   - data: one task's data, or any of its shapes.
    ///   - batchSize: tasks of a meta-iteration.
    ///   - gradientLimit: coordinates of dF/dx are clamped to ± this.
    public init(
        _ problem: MetaProblem<Upper, Data, Context, Lower>, method: Method, upperRule: UpdateRule, upper: Upper,
        lower: Lower, data: Data,
        batchSize: Int, gradientLimit: Double? = nil, threads: Int = 1
    ) throws(SolverError) {
        try method.check(for: .wholeSpace, upperRule: upperRule)
        guard batchSize >= 1 else {
            throw .invalidMethod("meta-batch: at least 1 expected, got \(batchSize); nearest valid choice: 1")
        }
        guard [.reverse, .firstOrder, .displacement].contains(method.hypergradient), method.initialization != .warmStart
        else {
            throw .invalidMethod(
                "meta-learning expects an unrolled, a first-order or a displacement hypergradient and a fixed or learned start; nearest valid choice: reverse mode"
            )
        }
        guard !method.startsFromVelocityOfInitialization else {
            throw .invalidMethod(
                "tasks' velocities start as zeros, z's were asked for; nearest valid choice: velocities that start as zeros"
            )
        }
        self.method = method
        upperTemplate = upper
        lowerTemplate = lower
        moving = MovingPair(
            upper.tensors, rule: upperRule, gradientLimit: gradientLimit, lower.tensors, method.initialization)
        let upperLayout = moving.x.layout, startLayout = moving.z.layout
        (upperGradient, startGradient) = (PackedTensors(upperLayout), PackedTensors(startLayout))
        let programs = CompiledMetaProblem(problem, dynamics: method.dynamics, upper: upper, lower: lower, data: data)
        let dataLayout = PackedTensors.Layout(of: data.tensors)
        var workers: [TaskWorker<Upper, Data, Context, Lower>] = []
        self.batchSize = batchSize
        for _ in 0..<min(batchSize, max(threads, 1)) {
            workers.append(
                try TaskWorker(
                    programs, steps: method.innerIterations, dataLayout: dataLayout, upperLayout: upperLayout,
                    startLayout: startLayout))
        }
        self.workers = workers
        pool = threads > 1 ? ThreadPool(threadCount: threads) : nil
    }

    // MARK: Values

    private var x: PackedTensors { moving.x }
    private var z: PackedTensors { moving.z }

    /// Also for going on from a checkpoint.
    public var upper: Upper {
        get { upperTemplate.with(x.tensors()) }
        set { x.assign(newValue.tensors) }
    }

    public var initialization: Lower {
        get { lowerTemplate.with(z.tensors()) }
        set { z.assign(newValue.tensors) }
    }

    /// The update rules' velocities and moments, and the iteration: with x and z all that a later run needs to go on to
    /// the same bits.
    public var updateState: (tensors: [Tensor], iteration: Int) {
        get { (moving.state, iteration) }
        set { (moving.state, iteration) = newValue }
    }

    /// dF/dx and dF/dz of the last batch.
    public var hypergradient: Upper { upperTemplate.with(upperGradient.tensors()) }
    public var initializationGradient: Lower { lowerTemplate.with(startGradient.tensors()) }

    // MARK: Iterating

    /// One meta-iteration over as many tasks as the batch holds. `fill` writes task `index`'s data; it is called on the
    /// tasks' threads.
    public func step(fill: @Sendable (_ index: Int, _ data: TaskData) -> Void) throws(SolverError) -> MetaReport {
        var report = try computeHypergradient(fill: fill)
        let clock = ContinuousClock(), start = clock.now
        moving.move(along: upperGradient, startGradient)
        iteration += 1
        report = MetaReport(
            iteration: iteration, upperValue: report.upperValue, meanTruncation: report.meanTruncation,
            hypergradientNorm: report.hypergradientNorm,
            initializationGradientNorm: report.initializationGradientNorm,
            seconds: report.seconds + (clock.now - start).seconds)
        return report
    }

    public func computeHypergradient(fill: @Sendable (_ index: Int, _ data: TaskData) -> Void) throws(SolverError)
        -> MetaReport
    {
        let clock = ContinuousClock(), start = clock.now
        let method = self.method, x = self.x, z = self.z
        upperGradient.clear()
        startGradient.clear()
        let share = 1 / Double(batchSize)
        var value = 0.0, truncation = 0.0
        forEachTask(batchSize) { index, worker in
            fill(index, TaskData(packed: worker.data))
            worker.differentiate(x, z, method: method)
        } then: { _, worker in
            upperGradient.add(share, worker.upperGradient)
            startGradient.add(share, worker.startGradient)
            value += share * worker.upperValue
            truncation += share * Double(worker.truncation)
        }
        let upperNorm = upperGradient.squaredNorm().squareRoot(), startNorm = startGradient.squaredNorm().squareRoot()
        for (quantity, number) in [
            ("upper objective", value), ("hypergradient", upperNorm), ("gradient of the initialization", startNorm),
        ] where !number.isFinite {
            throw .notFinite(quantity: quantity, iteration: iteration + 1)
        }
        return MetaReport(
            iteration: iteration + 1, upperValue: value, meanTruncation: truncation,
            hypergradientNorm: upperNorm, initializationGradientNorm: startNorm, seconds: (clock.now - start).seconds)
    }

    /// Solves `count` tasks with x and z as they are: the prediction at y_K and F of each, in their order. The steps
    /// never read F.
    public func predictions(count: Int, fill: @Sendable (_ index: Int, _ data: TaskData) -> Void) -> [(
        prediction: Tensor, upperValue: Double
    )] {
        var results: [(prediction: Tensor, upperValue: Double)] = []
        let x = self.x, z = self.z
        forEachTask(count) { index, worker in
            fill(index, TaskData(packed: worker.data))
            worker.solve(x, z)
        } then: { _, worker in
            results.append((worker.prediction.tensors()[0], worker.upperValue))
        }
        return results
    }

    /// Runs tasks in rounds, each on a worker of its own; `then` follows each round in the order of the tasks.
    private func forEachTask(
        _ count: Int, _ body: (Int, TaskWorker<Upper, Data, Context, Lower>) -> Void,
        then: (Int, TaskWorker<Upper, Data, Context, Lower>) -> Void
    ) {
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
    public var profile: Profile { Profile(parts: workers[0].profile()) }
}

/// A task's data tensors in place, to be filled without allocating.
public struct TaskData {
    let packed: PackedTensors

    /// The memory of float32 tensor `index` of the data tree.
    public func floats(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        let (shape, type) = packed.layout.types[index]
        precondition(type == .float32, "task data: tensor \(index) is \(type)")
        return UnsafeMutableBufferPointer(
            start: packed.address(index).assumingMemoryBound(to: Float.self), count: shape.count)
    }

    public func assign(_ tensors: [Tensor]) { packed.assign(tensors) }
}

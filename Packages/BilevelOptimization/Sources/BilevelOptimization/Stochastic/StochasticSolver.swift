import Foundation
import Randomness
import Tensors

/// Runs a `StochasticMethod`. Batches are fixed runs of samples, drawn uniformly with replacement from the generator
/// that is handed in.
public final class StochasticSolver<Upper: TensorTree, Lower: TensorTree>: BilevelSolver {
    /// As it was given.
    public let method: StochasticMethod
    /// Iterations that went well.
    public private(set) var iteration = 0
    /// Gradients and products of batches that were computed so far.
    public var oracleCounts: OracleCounts { iterate.oracles.counts }

    private let rates: StochasticRates
    private let upperTemplate: Upper, lowerTemplate: Lower
    private let iterate: StochasticIterate
    /// Where a step that fails goes back to.
    private let before: (x: Point, y: Point, v: Point)
    private let direction: Point
    /// Numbers drawn from the generator, in a state: low and high half.
    private let drawnCount = Point(copying: [Tensor([0, 0] as [Int32])])

    /// - Parameter batchSize: must divide both numbers of samples.
    public init(
        _ problem: StochasticProblem<Upper, Lower>, method: StochasticMethod, rates: StochasticRates, batchSize: Int,
        upper: Upper, lower: Lower, random: RandomGenerator
    ) throws(SolverError) {
        try rates.check(for: method.name)
        try problem.check(batchSize: batchSize)
        try method.base.check()
        self.method = method
        self.rates = rates
        upperTemplate = upper
        lowerTemplate = lower
        iterate = StochasticIterate(
            StochasticOracles(problem, batchSize: batchSize, upper: upper, lower: lower),
            x: Point(copying: upper.tensors), y: Point(copying: lower.tensors), rates: rates, random: random)
        direction = Point(iterate.x.layout)
        before = (Point(iterate.x.layout), Point(iterate.y.layout), Point(iterate.y.layout))
        if method.base.remembersBatches { iterate.memory = BatchMemory(filledAt: iterate) }
    }

    // MARK: Values

    /// x. Another value must have its layout.
    public var upper: Upper {
        get { upperTemplate.with(iterate.x.tensors) }
        set { iterate.x.assign(newValue, as: "upper") }
    }

    /// y.
    public var lower: Lower { lowerTemplate.with(iterate.y.tensors) }

    /// y, from which the next iteration goes on.
    public var initialization: Lower {
        get { lower }
        set { iterate.y.assign(newValue, as: "initialization") }
    }

    /// The direction along which x last moved.
    public var hypergradient: Upper { upperTemplate.with(direction.tensors) }

    /// x, y, v, how many numbers were drawn, and what is remembered of the batches. A solver that goes on from it must
    /// be made with the same generator.
    public var state: SolverState {
        let drawn = iterate.random.drawnCount
        drawnCount.assign([
            Tensor([Int32(truncatingIfNeeded: drawn), Int32(truncatingIfNeeded: drawn >> 32)])
        ])
        return memory.state(iteration: iteration)
    }

    public func restore(_ state: SolverState) throws(SolverError) {
        try memory.restore(state)
        direction.clear()
        let halves = drawnCount.tensors[0].scalars.map { UInt64(UInt32(bitPattern: Int32($0))) }
        iterate.random.drawnCount = halves[1] << 32 | halves[0]
        iteration = state.iteration
    }

    private var memory: SolverMemory {
        var memory = SolverMemory()
        memory.add("x", iterate.x, paths: upperTemplate.paths)
        memory.add("y", iterate.y, paths: lowerTemplate.paths)
        memory.add("v", iterate.v, paths: lowerTemplate.paths)
        memory.add("drawnCount", [drawnCount])
        for (name, table) in iterate.memory?.tables ?? [] {
            memory.add("memory.\(name)", [table.mean] + table.values)
        }
        return memory
    }

    // MARK: Iterating

    public func step() throws(SolverError) -> IterationReport {
        var stopwatch = Stopwatch()
        let (x, y, v) = (iterate.x, iterate.y, iterate.v)
        iterate.lowerRate = rates.lowerRate * pow(Double(iteration + 1), -rates.lowerDecay)
        iterate.upperRate = rates.upperRate * pow(Double(iteration + 1), -rates.upperDecay)
        before.x.copy(from: x)
        before.y.copy(from: y)
        before.v.copy(from: v)
        for (_, table) in iterate.memory?.tables ?? [] { table.begin() }
        let randomBefore = iterate.random, countsBefore = oracleCounts
        method.base.step(iterate)
        guard x.squaredNorm().isFinite, y.squaredNorm().isFinite, v.squaredNorm().isFinite else {
            x.copy(from: before.x)
            y.copy(from: before.y)
            v.copy(from: before.v)
            for (_, table) in iterate.memory?.tables ?? [] { table.takeBack() }
            iterate.random = randomBefore
            iterate.oracles.counts = countsBefore
            throw .notFinite(quantity: "a variable", iteration: iteration + 1)
        }
        iteration += 1
        direction.copy(from: before.x)
        direction.add(-1, x)
        direction.scale(1 / iterate.upperRate)
        return IterationReport(
            iteration: iteration, truncation: 0, upperValue: .nan, finalUpperValue: .nan,
            hypergradientNorm: x.squaredDistance(from: before.x).squareRoot() / iterate.upperRate,
            initializationGradientNorm: 0, lowerStepNorm: y.squaredDistance(from: before.y).squareRoot(), adjoint: nil,
            forwardSeconds: stopwatch.lap(), backwardSeconds: 0)
    }
}

import Foundation
import Randomness
import Tensors

/// Runs a `StochasticMethod`. Batches are fixed runs of samples, drawn uniformly with replacement from the generator
/// that is handed in.
public final class StochasticSolver<Upper: TensorTree, Lower: TensorTree>: BilevelSolver {
    public let method: StochasticMethod
    public private(set) var iteration = 0
    public var oracleCounts: OracleCounts { oracles.counts }

    private let rates: StochasticRates
    private let upperTemplate: Upper, lowerTemplate: Lower
    private let x: Point, y: Point, v: Point
    private let oracles: StochasticOracles<Upper, Lower>
    private let current: StochasticOracles<Upper, Lower>.LowerDerivatives,
        direct: StochasticOracles<Upper, Lower>.UpperDerivatives
    private let product: Point, term: Point
    /// Where a step that fails goes back to.
    private let before: (x: Point, y: Point, v: Point)
    private var memory: (lower: [BatchMemory], upper: [BatchMemory])?
    private let direction: Point
    private var random: RandomGenerator

    /// - Parameter batchSize: must divide both numbers of samples.
    public init(
        _ problem: StochasticProblem<Upper, Lower>, method: StochasticMethod, rates: StochasticRates, batchSize: Int,
        upper: Upper, lower: Lower,
        random: RandomGenerator
    ) throws(SolverError) {
        try checkPositive([
            ("\(method.name), lower rate", rates.lowerRate), ("\(method.name), upper rate", rates.upperRate),
        ])
        for count in [problem.upperSampleCount, problem.lowerSampleCount] where batchSize < 1 || count % batchSize != 0
        {
            let nearest =
                (1...max(count, 1)).filter { count % $0 == 0 }.min { abs($0 - batchSize) < abs($1 - batchSize) } ?? 1
            throw .invalidMethod(
                "batch size: a divisor of the \(count) samples expected, got \(batchSize); nearest valid choice: \(nearest)"
            )
        }
        switch method {
        case .stocBiO(let inner, let terms) where inner < 1 || terms < 1:
            throw .invalidMethod(
                "stocbio: at least 1 inner iteration and 1 term expected, got \(inner) and \(terms); nearest valid choice: 1"
            )
        case .amIGO(let inner) where inner < 1:
            throw .invalidMethod("amigo: at least 1 inner iteration expected, got \(inner); nearest valid choice: 1")
        default: break
        }
        self.method = method
        self.rates = rates
        self.random = random
        upperTemplate = upper
        lowerTemplate = lower
        x = Point(copying: upper.tensors)
        y = Point(copying: lower.tensors)
        v = Point(y.layout)
        direction = Point(x.layout)
        before = (Point(x.layout), Point(y.layout), Point(y.layout))
        oracles = StochasticOracles(problem, batchSize: batchSize, upper: upper, lower: lower)
        current = oracles.newLowerDerivatives()
        direct = oracles.newUpperDerivatives()
        product = oracles.newLower()
        term = oracles.newLower()
        v.clear()
        if method == .saba { fillMemory() }
    }

    public var upper: Upper {
        get { upperTemplate.with(x.tensors) }
        set { x.assign(newValue) }
    }

    public var lower: Lower { lowerTemplate.with(y.tensors) }

    /// y, from which the next iteration goes on.
    public var initialization: Lower {
        get { lower }
        set { y.assign(newValue) }
    }

    /// The direction along which x last moved.
    public var hypergradient: Upper { upperTemplate.with(direction.tensors) }

    /// x, y and v.
    public var state: SolverState { solverMemory.state(iteration: iteration) }

    public func restore(_ state: SolverState) throws(SolverError) {
        try solverMemory.restore(state)
        iteration = state.iteration
    }

    private var solverMemory: SolverMemory {
        var memory = SolverMemory()
        memory.add("x", x, paths: upperTemplate.paths)
        memory.add("y", y, paths: lowerTemplate.paths)
        memory.add("v", v, paths: lowerTemplate.paths)
        return memory
    }

    public func step() throws(SolverError) -> IterationReport {
        let clock = ContinuousClock(), start = clock.now
        let lowerRate = rates.lowerRate * pow(Double(iteration + 1), -rates.lowerDecay),
            upperRate = rates.upperRate * pow(Double(iteration + 1), -rates.upperDecay)
        before.x.copy(from: x)
        before.y.copy(from: y)
        before.v.copy(from: v)
        switch method {
        case .soba: moveTogether(lowerRate, upperRate)
        case .saba: moveTogetherWithMemory(lowerRate, upperRate)
        case .stocBiO(let inner, let terms):
            moveLower(lowerRate, inner)
            oracles.upperDerivatives(x, y, batch: upperBatch(), into: direct)
            // v = -η Σ_q Π (I - η ∇²_yy f_B) ∇_y F_B with a constant η: a shrinking one would shorten the series.
            term.copy(from: direct.lower)
            v.clear()
            for _ in 0..<terms {
                v.add(-rates.lowerRate, term)
                oracles.curvedProduct(x, y, term, batch: lowerBatch(), into: product)
                term.add(-rates.lowerRate, product)
            }
            moveUpper(upperRate)
        case .amIGO(let inner):
            moveLower(lowerRate, inner)
            oracles.upperDerivatives(x, y, batch: upperBatch(), into: direct)
            for _ in 0..<inner {
                oracles.curvedProduct(x, y, v, batch: lowerBatch(), into: product)
                product.add(1, direct.lower)
                v.add(-lowerRate, product)
            }
            moveUpper(upperRate)
        }
        guard x.squaredNorm().isFinite, y.squaredNorm().isFinite, v.squaredNorm().isFinite else {
            x.copy(from: before.x)
            y.copy(from: before.y)
            v.copy(from: before.v)
            throw .notFinite(quantity: "a variable", iteration: iteration + 1)
        }
        iteration += 1
        direction.copy(from: before.x)
        direction.add(-1, x)
        direction.scale(1 / upperRate)
        return IterationReport(
            iteration: iteration, truncation: 0, upperValue: .nan, finalUpperValue: .nan,
            hypergradientNorm: x.squaredDistance(from: before.x).squareRoot() / upperRate,
            initializationGradientNorm: 0,
            lowerStepNorm: y.squaredDistance(from: before.y).squareRoot(), adjoint: nil,
            forwardSeconds: (clock.now - start).seconds, backwardSeconds: 0)
    }

    // MARK: Moves

    private func lowerBatch() -> Int { random.integer(below: oracles.lowerBatches.count) }
    private func upperBatch() -> Int { random.integer(below: oracles.upperBatches.count) }

    /// y ← y - rate ∇_y f_B, `count` times.
    private func moveLower(_ rate: Double, _ count: Int) {
        for _ in 0..<count {
            oracles.gradient(x, y, batch: lowerBatch(), into: product)
            y.add(-rate, product)
        }
    }

    /// x ← x - rate (∇_x F_B + ∇²_xy f_B v), with ∇_x F_B already in `direct`.
    private func moveUpper(_ rate: Double) {
        oracles.mixedProduct(x, y, v, batch: lowerBatch(), into: current.mixed)
        x.add(-rate, current.mixed)
        x.add(-rate, direct.upper)
    }

    /// y ← y - ρ ∇_y f_B, v ← v - ρ (∇²_yy f_B v + ∇_y F_B'), x ← x - γ (∇²_xy f_B v + ∇_x F_B'), all from the same
    /// point.
    private func moveTogether(_ lowerRate: Double, _ upperRate: Double) {
        oracles.derivatives(x, y, v, batch: lowerBatch(), into: current)
        oracles.upperDerivatives(x, y, batch: upperBatch(), into: direct)
        y.add(-lowerRate, current.gradient)
        v.add(-lowerRate, current.curved)
        v.add(-lowerRate, direct.lower)
        x.add(-upperRate, current.mixed)
        x.add(-upperRate, direct.upper)
    }

    /// The same with g_B - remembered g_B + mean of the remembered ones in each quantity's place.
    private func moveTogetherWithMemory(_ lowerRate: Double, _ upperRate: Double) {
        let lowerBatch = lowerBatch(), upperBatch = upperBatch()
        oracles.derivatives(x, y, v, batch: lowerBatch, into: current)
        oracles.upperDerivatives(x, y, batch: upperBatch, into: direct)
        memory!.lower[0].move(y, lowerRate, quantity: current.gradient, batch: lowerBatch)
        memory!.lower[1].move(v, lowerRate, quantity: current.curved, batch: lowerBatch)
        memory!.lower[2].move(x, upperRate, quantity: current.mixed, batch: lowerBatch)
        memory!.upper[0].move(v, lowerRate, quantity: direct.lower, batch: upperBatch)
        memory!.upper[1].move(x, upperRate, quantity: direct.upper, batch: upperBatch)
    }

    private func fillMemory() {
        let lowerCount = oracles.lowerBatches.count, upperCount = oracles.upperBatches.count
        let lower = [
            BatchMemory(y.layout, lowerCount), BatchMemory(v.layout, lowerCount), BatchMemory(x.layout, lowerCount),
        ]
        let upper = [BatchMemory(v.layout, upperCount), BatchMemory(x.layout, upperCount)]
        for batch in 0..<lowerCount {
            oracles.derivatives(x, y, v, batch: batch, into: current)
            for (memory, quantity) in zip(lower, [current.gradient, current.curved, current.mixed]) {
                memory.remember(quantity, batch: batch)
            }
        }
        for batch in 0..<upperCount {
            oracles.upperDerivatives(x, y, batch: batch, into: direct)
            for (memory, quantity) in zip(upper, [direct.lower, direct.upper]) {
                memory.remember(quantity, batch: batch)
            }
        }
        memory = (lower, upper)
    }
}

/// SAGA's table (Defazio et al. 2014): the last value of a quantity for each batch, and their mean.
private final class BatchMemory {
    private let values: [Point]
    private let mean: Point

    init(_ layout: PointLayout, _ batches: Int) {
        values = (0..<batches).map { _ in Point(layout) }
        mean = Point(layout)
        for value in values { value.clear() }
        mean.clear()
    }

    func remember(_ quantity: Point, batch: Int) {
        let share = 1 / Double(values.count)
        mean.add(share, quantity)
        mean.add(-share, values[batch])
        values[batch].copy(from: quantity)
    }

    /// variable ← variable - rate (quantity - remembered + mean), and remembers.
    func move(_ variable: Point, _ rate: Double, quantity: Point, batch: Int) {
        variable.add(-rate, quantity)
        variable.add(rate, values[batch])
        variable.add(-rate, mean)
        remember(quantity, batch: batch)
    }
}

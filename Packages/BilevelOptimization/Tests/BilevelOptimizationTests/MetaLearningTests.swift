import BilevelOptimization
import Tensors
import Testing

/// Tasks whose trajectories have a closed form: f = (y - c)²/2 with c = x d, F = (y - t)²/2, so y_K = c + (1 - α)^K (z
/// - c).
@Suite struct MetaLearningTests {
    private let tasks = [(d: 0.5, t: 1.0), (d: -1.5, t: 0.25), (d: 2.0, t: -0.75)]
    private let x = 0.8, z = 0.3, rate = 0.2, steps = 4

    /// x is [x, α]; a task's data [d, t]; its context [c, t, α]. Without a learned step size α stands in the dynamics.
    private func solver(
        _ dynamics: Dynamics, learnsStepSize: Bool = false, hypergradient: Hypergradient = .reverse,
        targets: [Double]? = nil
    )
        throws -> (solver: MetaSolver<[Tensor], [Tensor], [Tensor], [Tensor]>, fill: @Sendable (Int, TaskData) -> Void)
    {
        func scalar(_ value: Double) -> Tensor { Tensor(value, elementType: .float64) }
        let sizes: @Sendable ([Tensor]) -> [Tensor] = { context in [context[2]] }
        let problem = MetaProblem<[Tensor], [Tensor], [Tensor], [Tensor]>(
            context: { x, data in [x[0] * data[0], data[1], x[1]] },
            upperObjective: { c, y in (y[0] - c[1]).squared() * 0.5 },
            lowerObjective: { c, y, _ in (y[0] - c[0]).squared() * 0.5 },
            stepSizes: learnsStepSize ? sizes : nil,
            prediction: { _, y in y[0] })
        let method = Method(
            dynamics: dynamics, innerIterations: steps, initialization: .learned(.gradientDescent(rate: 0.5)),
            hypergradient: hypergradient)
        let solver = try MetaSolver(
            problem, method: method, upperRule: .gradientDescent(rate: 0.1), upper: [scalar(x), scalar(rate)],
            lower: [scalar(z)],
            data: [scalar(0), scalar(0)], batchSize: tasks.count)
        let data = tasks.indices.map { [scalar(tasks[$0].d), scalar(targets?[$0] ?? tasks[$0].t)] }
        return (solver, { index, task in task.assign(data[index]) })
    }

    private var ends: [Double] { tasks.map { task in x * task.d + power(1 - rate, steps) * (z - x * task.d) } }
    private func power(_ base: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }
    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    @Test func hypergradientsAgreeWithTheClosedForm() throws {
        for learns in [false, true] {
            let (solver, fill) = try solver(.descent(.gradientDescent(rate: learns ? 1 : rate)), learnsStepSize: learns)
            let report = try solver.computeHypergradient(fill: fill), decay = power(1 - rate, steps)
            let errors = zip(ends, tasks).map { $0 - $1.t }
            #expect(abs(report.upperValue - mean(errors.map { $0 * $0 / 2 })) < 1e-14)
            #expect(
                abs(solver.hypergradient[0].scalars[0] - mean(zip(errors, tasks).map { $0 * (1 - decay) * $1.d }))
                    < 1e-14)
            #expect(abs(solver.initializationGradient[0].scalars[0] - mean(errors.map { $0 * decay })) < 1e-14)
            // dy_K/dα = -K (1 - α)^(K-1) (z - c).
            let slope = mean(
                zip(errors, tasks).map { -$0 * Double(steps) * power(1 - rate, steps - 1) * (z - x * $1.d) })
            #expect(abs(solver.hypergradient[1].scalars[0] - (learns ? slope : 0)) < 1e-14)
        }
    }

    /// Reptile: z goes the rule's share of the way to the mean of the y_K; x stays.
    @Test func displacementMovesTheStartTowardTheTasksEnds() throws {
        let (solver, fill) = try solver(.descent(.gradientDescent(rate: rate)), hypergradient: .displacement)
        _ = try solver.step(fill: fill)
        #expect(abs(solver.initialization[0].scalars[0] - (z + 0.5 * (mean(ends) - z))) < 1e-14)
        #expect(solver.upper[0].scalars[0] == x)
    }

    @Test func displacementIsRefusedWhereNothingIsLearnedOfIt() {
        let method = Method(
            dynamics: .descent(.gradientDescent(rate: 0.1)), innerIterations: 2, hypergradient: .displacement)
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in x * y }, lowerObjective: { x, y in (x - y).squared() })
        #expect(throws: SolverError.self) {
            try Solver(
                problem, method: method, upperRule: .gradientDescent(rate: 0.1), upper: Tensor(1), lower: Tensor(1))
        }
        var learned = method
        learned.initialization = .learned(.gradientDescent(rate: 0.1))
        #expect(throws: SolverError.self) {
            try Solver(
                problem, method: learned, upperRule: .gradientDescent(rate: 0.1), upper: Tensor(1), lower: Tensor(1))
        }
    }

    /// BDA's steps follow F in training; a prediction must not, for F holds the labels that are to be predicted.
    @Test func predictionsDoNotReadTheUpperLevel() throws {
        let dynamics = Dynamics.aggregated(mix: 0.5, upperRate: 0.4, lowerRate: rate)
        func predictions(_ targets: [Double]) throws -> [Double] {
            let (solver, fill) = try solver(dynamics, targets: targets)
            return solver.predictions(count: tasks.count, fill: fill).map { $0.prediction.scalars[0] }
        }
        let found = try predictions([1, 2, 3])
        #expect(try predictions([-9, 0, 9]) == found)
        #expect(zip(found, ends).allSatisfy { abs($0 - $1) < 1e-14 })
    }
}

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

    /// f = ½ ‖y - d‖², F = ½ ‖y - t‖², one step from z along P(z - d), as Meta-Curvature: y_1 = z - α P(z - d), so that
    /// dF/dP = -α (y_1 - t)(z - d)ᵀ and dF/dz = (I - α P)ᵀ(y_1 - t).
    @Test func aLearnedPreconditionerAgreesWithTheClosedForm() throws {
        @Sendable func column(_ values: [Double]) -> Tensor { Tensor(values, shape: [2, 1]) }
        var problem = MetaProblem<Tensor, Tensor, [Tensor], Tensor>(
            context: { p, data in [p, data] },
            upperObjective: { c, y in (y - column([1, -2])).squaredNorm() * 0.5 },
            lowerObjective: { c, y, _ in (y - c[1]).squaredNorm() * 0.5 },
            prediction: { _, y in y })
        problem.preconditioner = { c, _, g in c[0].product(g) }
        let z = [0.5, 0.25], d = [2.0, -1.0], p = [1.5, 0.25, -0.5, 0.75], α = 0.3
        let solver = try MetaSolver(
            problem,
            method: Method(
                dynamics: .descent(.gradientDescent(rate: α)), innerIterations: 1,
                initialization: .learned(.gradientDescent(rate: 0.1))),
            upperRule: .gradientDescent(rate: 0.1), upper: Tensor(p, shape: [2, 2]), lower: column(z),
            data: column(d), batchSize: 1)
        _ = try solver.computeHypergradient { _, task in task.assign([column(d)]) }
        let g = [z[0] - d[0], z[1] - d[1]],
            y = [z[0] - α * (p[0] * g[0] + p[1] * g[1]), z[1] - α * (p[2] * g[0] + p[3] * g[1])],
            e = [y[0] - 1, y[1] + 2]
        let expected = [-α * e[0] * g[0], -α * e[0] * g[1], -α * e[1] * g[0], -α * e[1] * g[1]]
        for (found, value) in zip(solver.hypergradient.scalars, expected) { #expect(abs(found - value) < 1e-14) }
        let start = [e[0] - α * (p[0] * e[0] + p[2] * e[1]), e[1] - α * (p[1] * e[0] + p[3] * e[1])]
        for (found, value) in zip(solver.initializationGradient.scalars, start) { #expect(abs(found - value) < 1e-14) }
    }

    /// A tensor of y that counts the steps: step k = 0, 1, 2 has the size α_k, so y_3 = d + Π (1 - α_k) (z - d) and
    /// dF/dα_k = -(y_3 - t) (z - d) Π over the others.
    @Test func stepsThatKnowTheirNumberAgreeWithTheClosedForm() throws {
        @Sendable func scalar(_ value: Double) -> Tensor { Tensor(value, elementType: .float64) }
        let z = 0.3, d = 1.7, t = -0.4, α = [0.5, 0.2, 0.7]
        var problem = MetaProblem<[Tensor], Tensor, [Tensor], [Tensor]>(
            context: { x, data in x + [data] },
            upperObjective: { c, y in (y[0] - t).squared() * 0.5 },
            lowerObjective: { c, y, _ in (y[0] - c[3]).squared() * 0.5 },
            prediction: { _, y in y[1] })
        problem.preconditioner = { c, y, g in
            let now = (0..<3).map { y[1].equal(scalar(Double($0))).stopGradient() * c[$0] }
            return [g[0] * (now[0] + now[1] + now[2]), scalar(-1)]
        }
        let solver = try MetaSolver(
            problem,
            method: Method(
                dynamics: .descent(.gradientDescent(rate: 1)), innerIterations: 3,
                initialization: .learned(.adam(rate: 0.1))),
            upperRule: .gradientDescent(rate: 0.1), upper: α.map(scalar), lower: [scalar(z), scalar(0)],
            data: scalar(0), batchSize: 1)
        let fill: @Sendable (Int, TaskData) -> Void = { _, task in task.assign([scalar(d)]) }
        _ = try solver.computeHypergradient(fill: fill)
        let rests = α.map { 1 - $0 }, error = d + rests.reduce(1, *) * (z - d) - t
        for k in 0..<3 {
            let others = rests.indices.filter { $0 != k }.reduce(1) { $0 * rests[$1] }
            #expect(abs(solver.hypergradient[k].scalars[0] + error * (z - d) * others) < 1e-14)
        }
        #expect(abs(solver.initializationGradient[0].scalars[0] - error * rests.reduce(1, *)) < 1e-14)
        // The count begins at 0 for every task, whatever is learned.
        #expect(solver.initializationGradient[1].scalars[0] == 0)
        #expect(solver.predictions(count: 1, fill: fill)[0].prediction.scalars[0] == 3)
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

import BilevelTestProblems
import Foundation
import Randomness
import Tensors
import Testing

@testable import BilevelOptimization

extension QuadraticProblem {
    func solver(_ method: Method, constraint: Constraint = .wholeSpace, memoryBudget: Int? = nil) throws -> Solver<
        Tensor, Tensor
    > {
        try Solver(
            problem(constraint: constraint), method: method, upperRule: .gradientDescent(rate: 0.1),
            upper: Tensor(start.x), lower: Tensor(start.y), memoryBudget: memoryBudget)
    }
}

func expectClose(_ a: [Double], _ b: [Double], _ tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(a.count == b.count, sourceLocation: sourceLocation)
    for (p, q) in zip(a, b) {
        #expect(abs(p - q) <= tolerance * max(1, abs(p), abs(q)), "\(a) and \(b)", sourceLocation: sourceLocation)
    }
}

@Suite struct HypergradientTests {
    @Test(arguments: [1, 2, 7, 100]) func reverseModeEqualsTheClosedForm(_ steps: Int) throws {
        let quadratic = QuadraticProblem.small
        let solver = try quadratic.solver(.iaGM(innerIterations: steps, lowerRate: 0.1, initializationRate: 0.1))
        _ = try solver.computeHypergradient()
        let expected = quadratic.unrolled(steps: steps, differentiated: steps, rate: 0.1)
        expectClose(solver.hypergradient.scalars, expected.x, 1e-12)
        expectClose(solver.initializationGradient.scalars, expected.start, 1e-12)
    }

    @Test(arguments: [1, 3, 10]) func truncatedReverseModeEqualsItsOwnClosedForm(_ h: Int) throws {
        let quadratic = QuadraticProblem.small
        let solver = try quadratic.solver(.truncatedRHG(innerIterations: 10, lowerRate: 0.1, truncationLength: h))
        _ = try solver.computeHypergradient()
        expectClose(solver.hypergradient.scalars, quadratic.unrolled(steps: 10, differentiated: h, rate: 0.1).x, 1e-12)
    }

    @Test func truncationToAllStepsIsTheFullDerivativeToTheBit() throws {
        let quadratic = QuadraticProblem.small
        let full = try quadratic.solver(.rhg(innerIterations: 10, lowerRate: 0.1)),
            truncated = try quadratic.solver(.truncatedRHG(innerIterations: 10, lowerRate: 0.1, truncationLength: 10))
        _ = try full.computeHypergradient()
        _ = try truncated.computeHypergradient()
        #expect(full.hypergradient.scalars == truncated.hypergradient.scalars)
    }

    @Test func pessimisticTruncationTakesTheWorstStepAndItsDerivative() throws {
        let quadratic = QuadraticProblem.small
        let solver = try quadratic.solver(.iapttGM(innerIterations: 10, lowerRate: 0.1, initializationRate: 0.1))
        let report = try solver.computeHypergradient()
        let values = (1...10).map { steps -> Double in
            quadratic.curvatures.indices.reduce(0) { total, i in
                let r = 1 - 0.1 * quadratic.curvatures[i], power = pow(r, Double(steps))
                let y = power * quadratic.start.y[i] + 0.1 * quadratic.start.x[i] * (1 - power) / (1 - r)
                return total + (pow(y - quadratic.target[i], 2) + quadratic.weight * pow(quadratic.start.x[i], 2)) / 2
            }
        }
        let worst = values.indices.max { (values[$0], -$0) < (values[$1], -$1) }! + 1
        #expect(report.truncation == worst)
        #expect(abs(report.upperValue - values[worst - 1]) < 1e-12 && abs(report.finalUpperValue - values[9]) < 1e-12)
        expectClose(
            solver.hypergradient.scalars, quadratic.unrolled(steps: worst, differentiated: worst, rate: 0.1).x, 1e-12)
    }

    /// Without activation between the layers re-association dissolves the first product, and the logits are kept.
    @Test(arguments: [false, true]) func everyMemoryPlanGivesTheSameBits(_ isDeepLinear: Bool) throws {
        var random = RandomGenerator(seed: 8)
        let images = random.normal([40, 500], elementType: .float32), first = random.normal([6, 500], deviation: 0.05),
            second = random.normal([3, 6])
        @Sendable func logits(_ w: [Tensor]) -> Tensor {
            let hidden = images.product(w[0], transposingOther: true)
            return (isDeepLinear ? hidden : hidden.relu()).product(w[1], transposingOther: true)
        }
        let problem = BilevelProblem<Tensor, [Tensor]>(
            upperObjective: { _, w in logits(w).squared().mean() },
            lowerObjective: { x, w in (logits(w) - x).tanh().squared().mean() })
        func derivative(budget: Int?) throws -> (plan: TrajectoryPlan, values: [[Double]]) {
            let solver = try Solver(
                problem, method: .iapttGM(innerIterations: 16, lowerRate: 0.001, initializationRate: 0.1),
                upperRule: .adam(rate: 0.1),
                upper: Tensor([1, 2, 3] as [Float]), lower: [first, second], memoryBudget: budget)
            for _ in 0..<3 { _ = try solver.step() }
            return (
                solver.plan,
                [solver.hypergradient.scalars, solver.upper.scalars]
                    + (solver.initializationGradient.tensors + solver.lower).map(\.scalars)
            )
        }
        let all = try derivative(budget: nil), plan = all.plan
        #expect(plan.residualStepCount == 16 && plan.checkpointInterval == 16)
        // The logits [40, 3], or the first product [40, 6]; with room for a whole vector behind them.
        #expect(plan.residualByteCountPerStep == (isDeepLinear ? 576 : 1024))
        let some = try derivative(budget: plan.byteCount - 4 * plan.residualByteCountPerStep)
        #expect(
            some.plan.residualStepCount == 12
                && some.plan.byteCount <= plan.byteCount - 4 * plan.residualByteCountPerStep)
        let statesOnly = try derivative(budget: plan.fixedByteCount + 17 * plan.stateByteCount)
        #expect(statesOnly.plan.residualStepCount == 0 && statesOnly.plan.checkpointInterval == 16)
        let checkpoints = try derivative(budget: plan.fixedByteCount + 12 * plan.stateByteCount)
        #expect(
            checkpoints.plan.checkpointInterval < 16
                && checkpoints.plan.byteCount <= plan.fixedByteCount + 12 * plan.stateByteCount)
        for other in [some, statesOnly, checkpoints] { #expect(other.values == all.values, "\(other.plan)") }
        // The complaint's own figure is enough, and a byte less is not.
        func needed(_ budget: Int) throws -> Int? {
            do { _ = try derivative(budget: budget) } catch SolverError.budgetTooSmall(let needed, 16, budget) {
                return needed
            }
            return nil
        }
        let least = try #require(try needed(plan.fixedByteCount + 3 * plan.stateByteCount))
        #expect(try needed(least) == nil && needed(least - 1) == least)
    }

    /// Against PyTorch 2 and higher 0.2.1: one SGD with momentum 0.9 and nesterov=True, rate 0.1, moves z and is handed
    /// to the inner loop, whose buffers it fills; K = 6, x by SGD with rate 0.5. k̄ and values printed after each of
    /// four upper iterations.
    @Test func velocitiesThatLeakFromZAgreeWithTheReference() throws {
        let a = Tensor([1, 2, -1, 0.5, 0.3, -2] as [Double], shape: [3, 2]), b = Tensor([1, -1, 2] as [Double])
        let c = Tensor([0.5, 1, 2, -1] as [Double], shape: [2, 2]), d = Tensor([0.9, -0.3] as [Double])
        @Sendable func predicted(_ m: Tensor, _ y: Tensor) -> Tensor {
            m.product(y.reshaped(to: [2, 1])).reshaped(to: [m.shape[0]]).tanh()
        }
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { _, y in (predicted(c, y) - d).squared().mean() },
            lowerObjective: { x, y in (x.sigmoid() * (predicted(a, y) - b).squared()).mean() })
        let rule = UpdateRule.nesterov(rate: 0.1, coefficient: 0.9)
        var method = Method(
            dynamics: .descent(rule), innerIterations: 6, initialization: .learned(rule), truncation: .pessimistic)
        method.startsFromVelocityOfInitialization = true
        let solver = try Solver(
            problem, method: method, upperRule: .gradientDescent(rate: 0.5), upper: .zeros([3], elementType: .float64),
            lower: Tensor([0.5, -0.4] as [Double]))
        let expected: [(step: Int, x: [Double], z: [Double])] = [
            (
                1, [0.043451334809964354, -0.002046207473870616, -0.020358356961595343],
                [0.5187704740729912, -0.25181040673821714]
            ),
            (
                4, [0.07355265967083441, -0.00052925720940735, -0.05487527535991722],
                [0.5303422171537004, -0.24153708996784207]
            ),
            (
                3, [0.1113055051342525, -0.0011151083776908444, -0.09714732087133263],
                [0.5389592594451933, -0.2682164663173235]
            ),
            (
                1, [0.1434840293564726, -0.003301507187725571, -0.12582385251833292],
                [0.5357479934514541, -0.19280032394774282]
            ),
        ]
        for (step, x, z) in expected {
            #expect(try solver.step().truncation == step)
            expectClose(solver.upper.scalars, x, 1e-14)
            expectClose(solver.initialization.scalars, z, 1e-14)
        }
        method.initialization = .learned(.gradientDescent(rate: 0.1))
        #expect {
            _ = try Solver(
                problem, method: method, upperRule: .gradientDescent(rate: 0.5),
                upper: .zeros([3], elementType: .float64), lower: Tensor([0.5, -0.4] as [Double]))
        } throws: {
            "\($0)".contains("velocities that start as zeros")
        }
    }

    static let dynamics: [Dynamics] = [
        .descent(.gradientDescent(rate: 0.1)), .descent(.momentum(rate: 0.05, coefficient: 0.8)),
        .descent(.nesterov(rate: 0.05, coefficient: 0.8)),
        .descent(.adam(rate: 0.05, epsilonInside: 1e-6)), .accelerated(rate: 0.1),
    ]
    static let constraints: [Constraint] = [
        .wholeSpace, .box(lower: -0.35, upper: 0.45), .nonnegative, .ball(radius: 0.6),
    ]

    /// Non-convex lower level, every dynamics with every constraint; differences with step 1e-6 in float64 leave about
    /// 1e-9.
    @Test(arguments: dynamics, constraints) func everyDynamicsAndConstraintAgreesWithFiniteDifferences(
        _ dynamics: Dynamics, _ constraint: Constraint
    ) throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (y.squared() * x.cos() + y).sum() },
            lowerObjective: { x, y in ((x * y).sin() + y.squared() * 0.2).sum() }, lowerConstraint: constraint)
        let x = [0.8, -0.6, 1.3], start = [0.2, 0.4, 0.1]
        let method = Method(
            dynamics: dynamics, innerIterations: 7, initialization: .learned(.gradientDescent(rate: 0.1)),
            truncation: .none)
        func solver(_ x: [Double], _ y: [Double]) throws -> Solver<Tensor, Tensor> {
            try Solver(
                problem, method: method, upperRule: .gradientDescent(rate: 0.1), upper: Tensor(x), lower: Tensor(y))
        }
        func value(_ x: [Double], _ y: [Double]) throws -> Double {
            try solver(x, y).computeHypergradient().finalUpperValue
        }
        let exact = try solver(x, start)
        _ = try exact.computeHypergradient()
        for i in 0..<3 {
            var up = x, down = x
            up[i] += 1e-6
            down[i] -= 1e-6
            expectClose([exact.hypergradient.scalars[i]], [try (value(up, start) - value(down, start)) / 2e-6], 1e-7)
            (up, down) = (start, start)
            up[i] += 1e-6
            down[i] -= 1e-6
            expectClose([exact.initializationGradient.scalars[i]], [try (value(x, up) - value(x, down)) / 2e-6], 1e-7)
        }
    }
}

@Suite struct SolverTests {
    /// Liu et al. 2021, eq. 10: min over x in [1, 10] of x + x y, y in argmin over [-2, 2] of -sin(x y); x* = 11π/4, y*
    /// = -2. The iteration at which x first comes within 1%, known from an independent implementation in double
    /// precision.
    @Test(arguments: [(1.0, 2.0, 305), (5.0, 1.0, 242), (7.0, -1.0, 16)])
    func iapttGMSolvesTheNonConvexExample(_ x0: Double, _ y0: Double, _ expected: Int) throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (x + x * y).sum() }, lowerObjective: { x, y in -(x * y).sin().sum() },
            upperConstraint: .box(lower: 1, upper: 10), lowerConstraint: .box(lower: -2, upper: 2))
        let solver = try Solver(
            problem, method: .iapttGM(innerIterations: 40, lowerRate: 5e-4, initializationRate: 0.1),
            upperRule: .gradientDescent(rate: 0.1), upper: Tensor([x0]), lower: Tensor([y0]))
        let solution = 11 * Double.pi / 4
        var errors: [Double] = []
        for _ in 0..<500 {
            _ = try solver.step()
            errors.append(abs(solver.upper.scalar - solution) / solution)
        }
        let first = errors.firstIndex { $0 < 0.01 }.map { $0 + 1 } ?? .max
        #expect(abs(first - expected) <= 10, "first below 1% at \(first)")
        #expect(errors.suffix(50).sorted()[25] <= 0.006)
    }

    @Test func aWarmStartGoesOnFromTheLastLowerState() throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (x + y).squared().sum() }, lowerObjective: { _, y in (y - 1).squared().sum() })
        let method = Method(
            dynamics: .descent(.gradientDescent(rate: 0.1)), innerIterations: 5, initialization: .warmStart)
        let solver = try Solver(
            problem, method: method, upperRule: .adam(rate: 0.1), upper: Tensor([1.0] as [Double]),
            lower: Tensor([0.0] as [Double]))
        for _ in 0..<3 { _ = try solver.step() }
        #expect(abs(solver.lower.scalar - (1 - pow(0.8, 15))) < 1e-14)
    }

    @Test func levelsThatAreNotConnectedAreRefused() throws {
        func complaint(
            _ upperObjective: @escaping @Sendable (Tensor, Tensor) -> Tensor,
            _ lowerObjective: @escaping @Sendable (Tensor, Tensor) -> Tensor
        ) -> String {
            let problem = BilevelProblem<Tensor, Tensor>(upperObjective: upperObjective, lowerObjective: lowerObjective)
            do {
                _ = try Solver(
                    problem, method: .rhg(innerIterations: 5, lowerRate: 0.1), upperRule: .adam(rate: 0.1),
                    upper: Tensor([1.0] as [Double]), lower: Tensor([0.5] as [Double]))
                return ""
            } catch { return error.description }
        }
        #expect(complaint({ _, y in y.squared().sum() }, { x, y in (x - y).squared().sum() }) == "")
        #expect(complaint({ x, y in (x + y).squared().sum() }, { _, y in y.squared().sum() }) == "")
        #expect(
            complaint({ _, y in y.squared().sum() }, { x, _ in x.squared().sum() }).contains(
                "the lower objective does not depend on y"))
        #expect(
            complaint({ _, y in y.squared().sum() }, { x, y in (x.stopGradient() - y).squared().sum() }).contains(
                "neither objective depends on x"))
        #expect(
            complaint({ _, _ in Tensor(1.0, elementType: .float64) }, { x, y in (x - y).squared().sum() }).contains(
                "the upper objective depends on neither"))
    }

    /// Only what ran is timed, as often as it ran in the last iteration.
    @Test(arguments: [
        (
            Method.iapttGM(innerIterations: 5, lowerRate: 0.1, initializationRate: 0.1),
            ["step": 5, "upper value": 5, "transposed step": 1]
        ),
        (.rhg(innerIterations: 5, lowerRate: 0.1), ["step": 5, "upper value": 1, "transposed step": 5]),
        (.conjugateGradient(innerIterations: 5, lowerRate: 0.1), ["step": 5, "upper value": 1]),
    ])
    func aProfileCountsTheReplaysOfAnIteration(_ method: Method, _ runs: [String: Int]) throws {
        var random = RandomGenerator(seed: 3)
        let a = random.normal([30, 20], elementType: .float64)
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (a.product(y) - 1).squared().mean() },
            lowerObjective: { x, y in (a.product(y) - x).squared().mean() + y.squared().sum() })
        let solver = try Solver(
            problem, method: method, upperRule: .gradientDescent(rate: 0.1),
            upper: Tensor.ones([30, 1], elementType: .float64).evaluated(),
            lower: Tensor.zeros([20, 1], elementType: .float64).evaluated())
        // From 0 the steps lower F: the first is the worst.
        #expect(try solver.step().truncation == (method.truncation == .pessimistic ? 1 : 5))
        let profile = solver.profile
        #expect(Dictionary(uniqueKeysWithValues: profile.parts.map { ($0.program, $0.runs) }) == runs)
        #expect(profile.productShare > 0 && profile.productShare <= 1 && profile.productRate > 0)
        #expect(profile.description.contains("5 × step"))
    }

    @Test func adamStepsAsItsFormulaSays() {
        let rule = UpdateRule.adam(rate: 0.1), slope = 0.5
        var v = Tensor([2.0] as [Double]), state = rule.initialState(for: [v])
        var expected = 2.0, m = 0.0, s = 0.0
        for t in 1...5 {
            let moved = rule.step([v], gradient: [Tensor([slope * v.scalar])], state: state)
            let g = slope * expected
            m = 0.9 * m + 0.1 * g
            s = 0.999 * s + 0.001 * g * g
            expected -= 0.1 * (m / (1 - pow(0.9, Double(t)))) / ((s / (1 - pow(0.999, Double(t)))).squareRoot() + 1e-8)
            v = moved.variable[0].evaluated()
            state = moved.state.map { $0.evaluated() }
            #expect(abs(v.scalar - expected) < 1e-12)
        }
    }

    @Test func stepsShrinkAlongACosine() {
        let plain = UpdateRule.momentum(rate: 0.1, coefficient: 0.5), rule = plain.decaying(over: 4, to: 0.2)
        var v = Tensor([2.0] as [Double]), state = rule.initialState(for: [v]), velocity = 0.0, expected = 2.0
        for t in 0..<6 {
            let moved = rule.step([v], gradient: [v], state: state)
            velocity = 0.5 * velocity + expected
            expected -= 0.1 * velocity * (0.2 + 0.8 * (1 + cos(.pi * min(Double(t) / 4, 1))) / 2)
            v = moved.variable[0].evaluated()
            state = moved.state.map { $0.evaluated() }
            #expect(abs(v.scalar - expected) < 1e-12)
        }
        #expect(throws: SolverError.self) { try plain.decaying(over: 0).base.check(as: "upper") }
        #expect(throws: SolverError.self) { try plain.decaying(over: 3, to: 2).base.check(as: "upper") }
    }

    @Test func meaninglessCombinationsNameTheNearestValidOne() {
        func complaint(_ method: Method) -> String {
            let problem = BilevelProblem<Tensor, Tensor>(
                upperObjective: { x, y in x.dot(y) }, lowerObjective: { x, y in x.dot(y) })
            do {
                _ = try Solver(
                    problem, method: method, upperRule: .adam(rate: 1), upper: Tensor([1.0] as [Double]),
                    lower: Tensor([1.0] as [Double]))
                return ""
            } catch { return error.description }
        }
        #expect(complaint(.rhg(innerIterations: 0, lowerRate: 1)).contains("at least 1"))
        #expect(complaint(.truncatedRHG(innerIterations: 4, lowerRate: 1, truncationLength: 5)).contains("1 … 4"))
        var method = Method.iaGM(innerIterations: 4, lowerRate: 1, initializationRate: 1)
        method.truncation = .last(2)
        #expect(complaint(method).contains("nearest valid choice"))
    }

    @Test func anInfiniteValueStopsTheRunAndLeavesTheVariablesAlone() throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (x * y).sum() }, lowerObjective: { x, y in (y.squared().squared() * x).sum() })
        let solver = try Solver(
            problem, method: .rhg(innerIterations: 30, lowerRate: 1e3), upperRule: .gradientDescent(rate: 1),
            upper: Tensor([1.0] as [Double]), lower: Tensor([2.0] as [Double]))
        #expect(throws: SolverError.self) { try solver.step() }
        #expect(solver.upper.scalars == [1] && solver.iteration == 0)
    }
}

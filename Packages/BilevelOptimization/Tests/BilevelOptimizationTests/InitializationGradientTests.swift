import BilevelOptimization
import BilevelTestProblems
import Tensors
import Testing

/// `initializationGradient` is dF/dy_0 of what is differentiated, whatever the method; never that of another state.
@Suite struct InitializationGradientTests {
    private static let quadratic = QuadraticProblem.small, steps = 5

    private func gradient(
        _ hypergradient: Hypergradient, _ truncation: Truncation = .none, _ initialization: Initialization = .fixed
    ) throws -> [Double] {
        let method = Method(
            dynamics: .descent(.gradientDescent(rate: 0.1)), innerIterations: Self.steps,
            initialization: initialization,
            truncation: truncation, hypergradient: hypergradient)
        let solver = try Self.quadratic.solver(method), report = try solver.computeHypergradient()
        let values = solver.initializationGradient.scalars
        #expect(abs(report.initializationGradientNorm - values.reduce(0) { $0 + $1 * $1 }.squareRoot()) < 1e-14)
        return values
    }

    /// ∇_y F(x, y_k) (1 - α a)^h; a few roundings a step.
    private func closedForm(differentiated: Int) -> [Double] {
        Self.quadratic.unrolled(steps: Self.steps, differentiated: differentiated, rate: 0.1).start
    }

    @Test(arguments: [Initialization.fixed, .warmStart])
    func unrolledDerivativesThatReachTheStartAreThoseOfTheStart(_ initialization: Initialization) throws {
        let hypergradient = Hypergradient.reverse
        let expected = closedForm(differentiated: Self.steps)
        for truncation in [Truncation.none, .last(Self.steps)] {
            expectClose(try gradient(hypergradient, truncation, initialization), expected, 1e-14)
        }
        // Up to k̄ = 3, as a method of three steps.
        let shorter = Self.quadratic.unrolled(steps: 3, differentiated: 3, rate: 0.1).start
        expectClose(try gradient(hypergradient, .at(3), initialization), shorter, 1e-14)
    }

    /// One pass a coordinate of y_0: only for a start that moves.
    @Test func forwardModeGivesTheStartsDerivativeWhereItIsLearned() throws {
        let learned = Initialization.learned(.gradientDescent(rate: 0.1))
        expectClose(try gradient(.forward, .none, learned), closedForm(differentiated: Self.steps), 1e-14)
        let shorter = Self.quadratic.unrolled(steps: 3, differentiated: 3, rate: 0.1).start
        expectClose(try gradient(.forward, .at(3), learned), shorter, 1e-14)
        #expect(try gradient(.forward) == [0, 0, 0] && gradient(.forward, .none, .warmStart) == [0, 0, 0])
    }

    @Test(arguments: [Hypergradient.reverse, .forward, .firstOrder], [1, 2, 4])
    func truncatedDerivativesThatDoNotReachTheStartAreZero(_ hypergradient: Hypergradient, _ h: Int) throws {
        #expect(try gradient(hypergradient, .last(h)) == [0, 0, 0])
    }

    @Test func firstOrderTakesTheStepsForTheIdentity() throws {
        expectClose(try gradient(.firstOrder), closedForm(differentiated: 0), 1e-14)
    }

    @Test(arguments: [
        Hypergradient.conjugateGradient(), .neumann(rate: 0.1), .fixedPoint(), .gmres(), .finiteDifference(),
    ])
    func hypergradientsOfTheEndSayNothingOfTheStart(_ hypergradient: Hypergradient) throws {
        #expect(try gradient(hypergradient) == [0, 0, 0])
    }

    /// The same in a meta-problem, of a fixed start: only f's own z is left when the first steps are dropped.
    @Test func tasksOfADroppedStartAreZeroToo() throws {
        let problem = MetaProblem<Tensor, Tensor, Tensor, Tensor>(
            context: { x, d in x * d }, upperObjective: { c, y in (y - 1).squaredNorm() * 0.5 },
            lowerObjective: { c, y, _ in (y - c).squaredNorm() * 0.5 }, prediction: { _, y in y })
        func gradient(_ truncation: Truncation) throws -> Double {
            let method = Method(
                dynamics: .descent(.gradientDescent(rate: 0.2)), innerIterations: 3, truncation: truncation)
            let solver = try MetaSolver(
                problem, method: method, upperRule: .gradientDescent(rate: 0.1), upper: Tensor([0.5] as [Double]),
                lower: Tensor([0.25] as [Double]), data: Tensor([1.0] as [Double]), batchSize: 1)
            _ = try solver.computeHypergradient { _, data in data.assign([Tensor([1.0] as [Double])]) }
            return solver.initializationGradient.scalars[0]
        }
        #expect(try gradient(.last(2)) == 0)
        // y_3 = x + 0.8³ (z - x).
        let decay = 0.8 * 0.8 * 0.8
        #expect(abs(try gradient(.none) - (0.5 - decay * 0.25 - 1) * decay) < 1e-14)
    }
}

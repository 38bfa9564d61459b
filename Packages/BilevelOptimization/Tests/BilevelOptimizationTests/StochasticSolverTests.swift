import BilevelOptimization
import BilevelTestProblems
import Randomness
import Tensors
import Testing

/// A method of another package: TTSA (Hong et al. 2020), one step of y, then x along a Neumann series of one batch.
private struct TwoTimescale: StochasticIteration {
    let terms: Int
    var name: String { "ttsa" }

    func step(_ s: StochasticIterate) {
        s.moveLower(times: 1)
        s.computeUpperDerivatives(batch: s.drawUpperBatch())
        s.term.copy(from: s.upperDerivatives.lower)
        s.v.clear()
        for _ in 0..<terms {
            s.v.add(-s.firstLowerRate, s.term)
            s.curvedProduct(s.term, batch: s.drawLowerBatch(), into: s.product)
            s.term.add(-s.firstLowerRate, s.product)
        }
        s.moveUpper()
    }
}

@Suite struct StochasticSolverTests {
    static let methods: [StochasticMethod] = [
        .soba, .saba, .stocBiO(innerIterations: 2, terms: 3), .amIGO(innerIterations: 2),
        StochasticMethod(TwoTimescale(terms: 3)),
    ]

    private func solver(
        _ method: StochasticMethod, lowerRate: Double = 0.1, seed: UInt64 = 5, upper: [Double] = [3]
    ) throws -> StochasticSolver<Tensor, Tensor> {
        try StochasticSolver(
            FiniteSumProblem.standard.problem, method: method,
            rates: StochasticRates(lowerRate: lowerRate, upperRate: 0.05), batchSize: 2, upper: Tensor(upper),
            lower: Tensor(upper.map { _ in 0.0 } as [Double]), random: RandomGenerator(seed: seed))
    }

    private func values(_ state: SolverState) -> [[Double]] { state.tensors.map(\.tensor.scalars) }

    @Test(arguments: methods) func aRestoredSolverGoesOnToTheSameBits(_ method: StochasticMethod) throws {
        let first = try solver(method), second = try solver(method)
        for _ in 0..<7 { _ = try first.step() }
        try second.restore(first.state)
        #expect(values(second.state) == values(first.state) && second.iteration == 7)
        for _ in 0..<9 {
            _ = try first.step()
            _ = try second.step()
        }
        #expect(values(second.state) == values(first.state) && second.iteration == 16)
    }

    @Test func aStateThatDoesNotFitIsRefusedAndChangesNothing() throws {
        let saba = try solver(.saba), before = values(saba.state)
        var other = try solver(.saba).state
        other.tensors.removeLast()
        for state in [try solver(.soba).state, try solver(.saba, upper: [3, 4]).state, other] {
            #expect {
                try saba.restore(state)
            } throws: { error in
                if case SolverError.unfittingState = error { true } else { false }
            }
        }
        #expect(values(saba.state) == before)
    }

    /// Lower steps of 40 on curvatures about 1 overflow after some hundred iterations.
    @Test(arguments: methods) func aStepThatFailsLeavesEverythingAsItWas(_ method: StochasticMethod) throws {
        let solver = try solver(method, lowerRate: 40)
        var before = values(solver.state), counts = solver.oracleCounts, gradient = solver.hypergradient.scalars
        var error: SolverError?
        while error == nil, solver.iteration < 2_000 {
            (before, counts) = (values(solver.state), solver.oracleCounts)
            gradient = solver.hypergradient.scalars
            do { _ = try solver.step() } catch let thrown { error = thrown }
        }
        #expect(error == .notFinite(quantity: "a variable", iteration: solver.iteration + 1))
        #expect(values(solver.state) == before && solver.oracleCounts == counts)
        #expect(solver.hypergradient.scalars == gradient)
    }

    @Test func problemsWithoutSamplesAndBadSettingsAreRefused() {
        func refusal(
            samples: (Int, Int) = (8, 8), _ method: StochasticMethod = .soba, decay: Double = 0, batchSize: Int = 1
        ) -> SolverError? {
            let problem = StochasticProblem<Tensor, Tensor>(
                upperSampleCount: samples.0, lowerSampleCount: samples.1,
                upperObjective: { x, y, _ in (y - x).squaredNorm() },
                lowerObjective: { x, y, _ in (y + x).squaredNorm() })
            do {
                _ = try StochasticSolver(
                    problem, method: method,
                    rates: StochasticRates(lowerRate: 0.1, upperRate: 0.1, lowerDecay: decay), batchSize: batchSize,
                    upper: Tensor([1.0] as [Double]), lower: Tensor([1.0] as [Double]), random: RandomGenerator(seed: 1)
                )
                return nil
            } catch { return error }
        }
        #expect(refusal() == nil)
        for (samples, level) in [((0, 8), "upper"), ((8, 0), "lower"), ((-1, 8), "upper")] {
            let expected = SolverError.outOfRange(
                name: "samples of the \(level) objective", expected: "at least 1", got: "\(min(samples.0, samples.1))",
                nearest: "1")
            #expect(refusal(samples: samples) == expected)
        }
        #expect(
            refusal(batchSize: 3)
                == .outOfRange(name: "batch size", expected: "a divisor of the 8 samples", got: "3", nearest: "2"))
        #expect(refusal(.amIGO(innerIterations: 0)) != nil && refusal(.stocBiO(terms: 0)) != nil)
        #expect(refusal(decay: -1) != nil)
    }

    /// Mean over the last iterations, for a method without variance reduction keeps moving.
    @Test func anOutsideMethodComesNearTheSolution() throws {
        let problem = FiniteSumProblem.standard,
            solver = try StochasticSolver(
                problem.problem, method: StochasticMethod(TwoTimescale(terms: 10)),
                rates: StochasticRates(lowerRate: 0.3, upperRate: 0.2, lowerDecay: 0.4, upperDecay: 0.6), batchSize: 2,
                upper: Tensor([3.0] as [Double]), lower: Tensor([0.0] as [Double]), random: RandomGenerator(seed: 5))
        for _ in 0..<20_000 { _ = try solver.step() }
        #expect(abs(solver.upper.scalar - problem.solution) < 0.05)
    }
}

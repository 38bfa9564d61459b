import BilevelOptimization
import OutsideMethods
import Tensors
import Testing

/// f = ½ Σ a_i (y_i - x_i)², F = ½ ‖y - t‖² + ½ ‖x‖²: ∇²_xy f = -a, so that dF/dx = x + rate · a (y_K - t), and
/// y_K = x + (1 - 0.1 a)^K (y_0 - x).
@Suite struct OneStepImplicitTests {
    private func solver(
        _ hypergradient: Hypergradient, a: [Double], steps: Int, truncation: Truncation = .none,
        initialization: Initialization = .fixed, set: Constraint = .wholeSpace
    ) throws -> Solver<Tensor, Tensor> {
        let a = Tensor(a), t = Tensor([1.0, -0.5] as [Double])
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in ((y - t).squaredNorm() + x.squaredNorm()) * 0.5 },
            lowerObjective: { x, y in (a * (y - x).squared()).sum() * 0.5 }, lowerConstraint: set)
        let method = Method(
            dynamics: .descent(.gradientDescent(rate: 0.1)), innerIterations: steps, initialization: initialization,
            truncation: truncation, hypergradient: hypergradient)
        return try Solver(
            problem, method: method, upperRule: .gradientDescent(rate: 0.1), upper: Tensor([0.7, -1.2] as [Double]),
            lower: Tensor([0.1, 0.2] as [Double]))
    }

    private func derivative(_ solver: Solver<Tensor, Tensor>) throws -> [Double] {
        _ = try solver.computeHypergradient()
        return solver.hypergradient.scalars
    }

    /// A handful of float64 operations.
    @Test func theHypergradientIsTheClosedForm() throws {
        let x = [0.7, -1.2], t = [1, -0.5], a = [0.5, 4], start = [0.1, 0.2],
            decay = [0.95 * 0.95 * 0.95, 0.6 * 0.6 * 0.6]
        let found = try derivative(solver(Hypergradient(OneStepImplicit(rate: 0.3)), a: a, steps: 3))
        for i in 0..<2 {
            let y = x[i] + decay[i] * (start[i] - x[i])
            #expect(abs(found[i] - (x[i] + 0.3 * a[i] * (y - t[i]))) < 1e-14)
        }
    }

    /// With ∇²_yy f = 2 · identity, rate ½ and 400 steps the rest is 0.8^400; on a quadratic the step's own rate gives
    /// the derivative of the last step.
    @Test func itIsExactForTheRightRateAndOneStepForTheSteps() throws {
        let exact = try derivative(solver(.conjugateGradient(), a: [2, 2], steps: 400))
        let found = try derivative(solver(Hypergradient(OneStepImplicit(rate: 0.5)), a: [2, 2], steps: 400))
        #expect(zip(found, exact).allSatisfy { abs($0 - $1) < 1e-13 })
        let last = try derivative(solver(.reverse, a: [0.5, 4], steps: 5, truncation: .last(1)))
        let one = try derivative(solver(Hypergradient(OneStepImplicit(rate: 0.1)), a: [0.5, 4], steps: 5))
        #expect(zip(one, last).allSatisfy { abs($0 - $1) < 1e-14 })
    }

    @Test func whatItIsNotValidForIsRefused() {
        let one = Hypergradient(OneStepImplicit(rate: 0.1)), z = Initialization.learned(.gradientDescent(rate: 0.1))
        #expect(throws: SolverError.self) { try solver(one, a: [1, 1], steps: 1, set: .nonnegative) }
        #expect(throws: SolverError.self) { try solver(one, a: [1, 1], steps: 1, initialization: z) }
        #expect(throws: SolverError.self) { try solver(Hypergradient(OneStepImplicit(rate: 0)), a: [1, 1], steps: 1) }
    }
}

import BilevelOptimization
import OutsideMethods
import Tensors
import Testing

@Suite struct CoordinateBoundsTests {
    private let set = Constraint(CoordinateBounds(lower: [-1, 0, 2], upper: [1, 0.5, 3]))

    /// f = ½ ‖y - x‖² with rate 1: one step from anywhere ends in y = Proj(x), and dF/dx of F = Σ c y is c where x is
    /// free.
    private func solver(
        _ x: [Double], start: [Double], set: Constraint, _ hypergradient: Hypergradient = .reverse
    ) throws -> Solver<Tensor, Tensor> {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (Tensor([3.0, 5, 7] as [Double]) * y).sum() },
            lowerObjective: { x, y in (y - x).squaredNorm() * 0.5 }, lowerConstraint: set)
        let method = Method(
            dynamics: .descent(.gradientDescent(rate: 1)), innerIterations: 2, hypergradient: hypergradient)
        return try Solver(
            problem, method: method, upperRule: .gradientDescent(rate: 0.1), upper: Tensor(x), lower: Tensor(start))
    }

    @Test func pointsGoToTheirBounds() {
        #expect(set.projection([Tensor([-4.0, 0.25, 9] as [Double])])[0].scalars == [-1, 0.25, 3])
        #expect(set.projection([Tensor([0.5, -7, 1] as [Float])])[0].scalars == [0.5, 0, 2])
    }

    @Test(arguments: [Hypergradient.reverse, .forward, .conjugateGradient(), .gmres()])
    func theDerivativePassesWhereACoordinateIsFree(_ hypergradient: Hypergradient) throws {
        let solver = try solver([-4, 0.25, 2.5], start: [0, 0.5, 2], set: set, hypergradient)
        _ = try solver.computeHypergradient()
        #expect(solver.lower.scalars == [-1, 0.25, 2.5])
        // GMRES solves a system, with rounding.
        #expect(zip(solver.hypergradient.scalars, [0, 5, 7]).allSatisfy { abs($0 - $1) < 1e-14 })
    }

    @Test func boundsThatDoNotFitAndStartsOutsideAreRefused() {
        let crossed = Constraint(CoordinateBounds(lower: [0, 1, 0], upper: [1, 0, 1]))
        let short = Constraint(CoordinateBounds(lower: [0], upper: [1]))
        for (set, start) in [(crossed, [0.5, 0.5, 0.5]), (short, [0.5, 0.5, 0.5]), (set, [0, 0, 0])] {
            #expect(throws: SolverError.self) { try solver([0, 0, 0], start: start, set: set) }
        }
    }
}

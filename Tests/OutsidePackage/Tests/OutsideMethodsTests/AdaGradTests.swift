import BilevelOptimization
import OutsideMethods
import Tensors
import Testing

@Suite struct AdaGradTests {
    /// F = ½ (y - 1)² + ½ x² in float64 with y = x: gradients 2x - 1, steps by hand.
    @Test func upperStepsAreThoseComputedByHand() throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in ((y - 1).squaredNorm() + x.squaredNorm()) * 0.5 },
            lowerObjective: { x, y in (y - x).squaredNorm() * 0.5 })
        let solver = try Solver(
            problem, method: .rhg(innerIterations: 1, lowerRate: 1),
            upperRule: UpdateRule(AdaGrad(rate: 0.5, epsilon: 0)),
            upper: Tensor([2.0] as [Double]), lower: Tensor([0.0] as [Double]))
        // g = 3, s = 9: 2 - 0.5 · 3/3 = 1.5; g = 2, s = 13: 1.5 - 0.5 · 2/√13; the same again with what comes.
        var x = 1.5, sum = 9.0
        _ = try solver.step()
        #expect(solver.upper.scalars == [1.5])
        for _ in 0..<3 {
            let gradient = 2 * x - 1
            sum += gradient * gradient
            x -= 0.5 * gradient / sum.squareRoot()
            _ = try solver.step()
            #expect(abs(solver.upper.scalars[0] - x) < 1e-14)
        }
        #expect(solver.state.tensors.map(\.name).contains("update.0"))
    }

    /// As a lower rule it is differentiated too: central differences with step 1e-5 in float64 leave about 1e-10.
    @Test func lowerStepsAreDifferentiated() throws {
        func solver(_ x: Double) throws -> Solver<Tensor, Tensor> {
            let problem = BilevelProblem<Tensor, Tensor>(
                upperObjective: { x, y in y.squaredNorm() }, lowerObjective: { x, y in (x * y).sin().sum() })
            let method = Method(dynamics: .descent(.adaGrad(rate: 0.2)), innerIterations: 6)
            return try Solver(
                problem, method: method, upperRule: .adaGrad(rate: 0.1), upper: Tensor([x]),
                lower: Tensor([0.4] as [Double]))
        }
        let exact = try solver(0.9)
        _ = try exact.computeHypergradient()
        let up = try solver(0.9 + 1e-5).computeHypergradient().upperValue,
            down = try solver(0.9 - 1e-5).computeHypergradient().upperValue
        #expect(abs(exact.hypergradient.scalars[0] - (up - down) / 2e-5) < 1e-8)
    }
}

import BilevelOptimization
import BilevelTestProblems
import Foundation
import Tensors
import Testing

/// One after the other: both read the size of the whole process, which other suites' tests share.
@Suite(.serialized) struct MemoryTests {
    private func resident() throws -> Int {
        Int(try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1])! * 4096
    }

    /// A leak of one state an iteration would be 20 MB and more in every window; what other tests allocate is not in
    /// all of them.
    @Test func memoryStaysFlatOverManyIterations() throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (x - y).squared().sum() }, lowerObjective: { x, y in (y - x).squared().sum() })
        let solver = try Solver(
            problem, method: .iapttGM(innerIterations: 10, lowerRate: 0.1, initializationRate: 0.1),
            upperRule: .gradientDescent(rate: 0.01), upper: Tensor([1.0] as [Double]), lower: Tensor([2.0] as [Double]))
        for _ in 0..<1_000 { _ = try solver.step() }
        var least = Int.max
        for _ in 0..<5 where least >= 8 << 20 {
            let before = try resident()
            for _ in 0..<20_000 { _ = try solver.step() }
            least = min(least, try resident() - before)
        }
        #expect(least < 8 << 20, "grew by \(least) bytes")
    }

    /// Budget that forbids storing a quarter of the states: what the process holds stays under it, but for some MiB of
    /// tests beside this one.
    @Test func peakMemoryStaysUnderTheBudget() throws {
        let n = 1_000_000, K = 40
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (y - 1).squared().sum() * x.sum() },
            lowerObjective: { x, y in (y * x - 0.5).squared().sum() })
        let budget = 30 * n * 8, start = Tensor([Double](repeating: 0.1, count: n)), before = try resident()
        let solver = try Solver(
            problem, method: .rhg(innerIterations: K, lowerRate: 0.1), upperRule: .gradientDescent(rate: 1e-9),
            upper: Tensor([1.0] as [Double]), lower: start, memoryBudget: budget)
        #expect(solver.plan.byteCount <= budget && solver.plan.checkpointInterval < K)
        _ = try solver.step()
        let grown = try resident() - before
        #expect(grown <= budget + (16 << 20), "\(grown) bytes of \(budget)")
        #expect(
            Double(grown) > 0.5 * Double(solver.plan.byteCount),
            "the plan predicts \(solver.plan.byteCount), \(grown) were used")
    }
}

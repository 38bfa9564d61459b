import Tensors
import Testing

@testable import BilevelOptimization

/// Tasks whose context is six layers of 512 numbers for each of 300 samples: dear to compute, and to hold.
@Suite struct MetaMemoryTests {
    private static func tensor(_ shape: Shape, _ phase: Int) -> Tensor {
        Tensor((0..<shape.count).map { Double(($0 * 37 + phase * 11) % 101) / 101 - 0.5 }, shape: shape)
    }

    private let upper = [tensor([64, 512], 1), tensor([512, 512], 2)], lower = [tensor([512], 3)]
    private let tasks = (0..<4).map { [tensor([300, 64], 4 + $0)] }

    private let problem = MetaProblem<[Tensor], [Tensor], [Tensor], [Tensor]>(
        context: { x, data in
            let first = data[0].product(x[0]).tanh()
            return [(0..<5).reduce(first) { maps, _ in maps.product(x[1]).tanh() }.mean(axes: [0])]
        },
        upperObjective: { c, y in (c[0].dot(y[0]) - 1).squared() },
        lowerObjective: { c, y, _ in (y[0] - c[0]).squaredNorm() }, prediction: { _, y in y[0] })
    private let method = Method(dynamics: .descent(.gradientDescent(rate: 0.1)), innerIterations: 3)

    private func solver(threads: Int, limit: Int = 512 << 20, budget: Int? = nil) throws -> MetaSolver<
        [Tensor], [Tensor], [Tensor], [Tensor]
    > {
        try MetaSolver(
            problem, method: method, upperRule: .gradientDescent(rate: 0.1), upper: upper, lower: lower,
            data: tasks[0], batchSize: tasks.count, threads: threads, memoryBudget: budget, sideBySideLimit: limit)
    }

    @Test("tasks of more memory than the limit run one after the other, to the same bits")
    func oneAfterTheOther() throws {
        func hypergradient(_ solver: MetaSolver<[Tensor], [Tensor], [Tensor], [Tensor]>) throws -> [[Double]] {
            let tasks = tasks
            _ = try solver.computeHypergradient { index, data in data.assign(tasks[index]) }
            return solver.hypergradient.map(\.scalars)
        }
        let sideBySide = try solver(threads: 2), split = try solver(threads: 2, limit: 1 << 20),
            alone = try solver(threads: 1)
        #expect(sideBySide.workers.count == 2 && split.workers.count == 1 && alone.workers.count == 1)
        #expect(sideBySide.workers[0].byteCount > 1 << 20)
        let expected = try hypergradient(alone)
        #expect(try hypergradient(sideBySide) == expected && hypergradient(split) == expected)
        #expect(expected.contains { $0.contains { abs($0) > 1e-6 } })
    }

    @Test("a budget that one task's residuals fit into, but not those of two, is for one task at a time")
    func oneAloneKeepsWhatTwoCannot() throws {
        let compiled = CompiledMetaProblem(problem, method: method, upper: upper, lower: lower, data: tasks[0])
        func plan(_ budget: Int?) throws -> TaskPlan {
            try TaskPlan(compiled, memoryBudget: budget, residualLimit: 512 << 20)
        }
        let whole = try plan(nil)
        #expect(try !whole.computesAgain && plan(whole.byteCount - 1).computesAgain)
        #expect(try solver(threads: 2, budget: 2 * whole.byteCount).workers.count == 2)
        let alone = try solver(threads: 2, budget: 2 * whole.byteCount - 2)
        #expect(alone.workers.count == 1 && alone.workers[0].byteCount == whole.byteCount)
    }

    @Test("a worker holds temporaries of the functions that it runs, not of those in whose place it keeps residuals")
    func temporaries() throws {
        let compiled = CompiledMetaProblem(problem, method: method, upper: upper, lower: lower, data: tasks[0]),
            kept = try #require(compiled.context.keeping), bytes = compiled.temporariesByteCount(keeping: kept)
        // The context's own transpose holds products that it computes again, of 300 x 512 numbers each.
        #expect(bytes + 2 * 300 * 512 * 8 <= compiled.temporariesByteCount(keeping: nil))
        // Data, x and y are small beside them.
        let worker = try solver(threads: 1).workers[0]
        #expect(worker.byteCount < bytes + kept.layout.byteCount + 4 << 20)
    }
}

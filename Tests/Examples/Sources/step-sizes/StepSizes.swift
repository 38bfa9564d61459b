import BilevelOptimization
import Foundation
import Randomness
import Reporting
import Tensors

/// How large should the steps of gradient descent be? One for each coordinate, learned over many tasks
/// (Meta-SGD, Li et al. 2017).
///
/// A task is a quadratic ½ Σ h_j (y_j - c_j)² with the same curvatures h and a centre c of its own; five steps from 0.
@main struct StepSizes {
    static func main() throws {
        let curvatures = Tensor([1, 2, 4, 8, 16] as [Float])
        @Sendable func loss(_ centre: Tensor, _ y: Tensor) -> Tensor {
            (curvatures * (y - centre).squared()).sum() * 0.5
        }
        // x is the logarithm of the step sizes, a task's data its centre, its context both.
        let problem = MetaProblem<Tensor, Tensor, TreePair<Tensor, Tensor>, Tensor>(
            context: { x, centre in TreePair(x.exp(), centre) },
            upperObjective: { context, y in loss(context.second, y) },
            lowerObjective: { context, y, _ in loss(context.second, y) },
            stepSizes: { context in [context.first] },
            prediction: { _, y in y })
        let solver = try MetaSolver(
            problem, method: .rhg(innerIterations: 5, lowerRate: 1), upperRule: .adam(rate: 0.05),
            upper: Tensor([Float](repeating: -3, count: 5)), lower: .zeros([5]), data: .zeros([5]), batchSize: 8,
            threads: 2)
        solver.tasks = { iteration, index, data in
            var random = RandomGenerator(seed: UInt64(iteration * 8 + index))
            let centre = data.floats(0)
            for j in centre.indices { centre[j] = Float(random.normal()) }
        }
        var courses = [[(x: Double, y: Double)]](repeating: [], count: 5)
        for i in 0..<200 {
            for (j, size) in solver.upper.exp().scalars.enumerated() { courses[j].append((Double(i), size)) }
            _ = try solver.step()
        }
        print("step sizes \(solver.upper.exp().scalars); 1/h is \(curvatures.reciprocal().scalars)")
        try LineChart(
            title: "Step sizes, a coordinate each", xLabel: "meta-iteration", yLabel: "step size",
            series: zip([1, 2, 4, 8, 16], courses).map { .init("curvature \($0)", $1) }
        ).svg.write(toFile: "step-sizes.svg", atomically: true, encoding: .utf8)
    }
}

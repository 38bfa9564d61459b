import BilevelOptimization
import Tensors

/// A finite sum whose samples disagree: f_i = ½ a_i (y - x)² + c_i y with Σ c_i = 0, F_j = ½ (y - t_j)² + ½ ρ x².
/// The means are f = ½ ā (y - x)² and F = ½ (y - t̄)² + ½ ρ x² + constant, so y*(x) = x and x* = t̄/(1 + ρ).
public struct FiniteSumProblem: Sendable {
    /// a and c, one a lower sample; t, one an upper sample; ρ.
    public let curvatures: [Double], shifts: [Double], targets: [Double], weight = 0.5

    /// Eight samples of each level.
    public static let standard = FiniteSumProblem(
        curvatures: [0.5, 1.5, 1, 1.2, 0.8, 1, 0.6, 1.4], shifts: [0.4, -0.4, 0.3, -0.3, 0.2, -0.2, 0.1, -0.1],
        targets: [2, 0, 1.5, 0.5, 3, -1, 1, 1])

    /// x*, which is y*(x*) too.
    public var solution: Double { targets.reduce(0, +) / Double(targets.count) / (1 + weight) }

    /// x and y of one element; samples by their numbers.
    public var problem: StochasticProblem<Tensor, Tensor> {
        let a = Tensor(curvatures), c = Tensor(shifts), t = Tensor(targets), ρ = weight
        return StochasticProblem(
            upperSampleCount: targets.count, lowerSampleCount: curvatures.count,
            upperObjective: { x, y, samples in
                ((y - t.gatheredRows(at: samples)).squared() * 0.5).mean() + x.squaredNorm() * (ρ / 2)
            },
            lowerObjective: { x, y, samples in
                (a.gatheredRows(at: samples) * (y - x).squared() * 0.5 + c.gatheredRows(at: samples) * y).mean()
            })
    }
}

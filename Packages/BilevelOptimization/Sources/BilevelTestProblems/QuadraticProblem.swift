import BilevelOptimization
import Foundation
import Tensors

/// F = ½ Σ (y_i - t_i)² + ½ ρ Σ x_i², f = Σ ½ a_i y_i² - x_i y_i. Everything is known: y*(x) = x/a, dF/dx = (x/a - t)/a
/// + ρ x, x* = (t/a)/(1/a² + ρ); and a descent step with rate α is y ← (1 - α a) y + α x.
public struct QuadraticProblem: Sendable {
    /// a > 0 and t, of one length; ρ.
    public let curvatures: [Double], target: [Double], weight: Double
    /// Where x and y start.
    public let start: (x: [Double], y: [Double])

    /// Curvatures, target, x and y of one length.
    public init(curvatures: [Double], target: [Double], weight: Double = 0.3, start: (x: [Double], y: [Double])) {
        self.curvatures = curvatures
        self.target = target
        self.weight = weight
        self.start = start
    }

    /// Three variables a level.
    public static let small = QuadraticProblem(
        curvatures: [0.5, 2, 4], target: [1, -0.5, 2], start: ([0.7, -1.2, 0.4], [0.1, 0.2, -0.3]))
    /// One variable a level.
    public static let oneDimensional = QuadraticProblem(curvatures: [2], target: [1], start: ([0.7], [0.1]))
    /// Condition number 10⁴.
    public static let illConditioned = QuadraticProblem(
        curvatures: [1e-2, 0.1, 1, 10, 100], target: [0.1, 0.3, 1, -0.5, 2],
        start: ([0.3, -0.2, 0.5, 1, -2], [0, 0, 0, 0, 0]))
    /// No variable at all: tensors of shape [0].
    public static let empty = QuadraticProblem(curvatures: [], target: [], start: ([], []))
    /// Starts at the solution of both levels: t = y*(0) = 0.
    public static let solved = QuadraticProblem(
        curvatures: [0.5, 2, 4], target: [0, 0, 0], start: ([0, 0, 0], [0, 0, 0]))

    /// x and y of shape [n].
    /// - Parameter constraint: of y; one that holds y*(x) inside leaves the solution as it is.
    public func problem(constraint: Constraint = .wholeSpace) -> BilevelProblem<Tensor, Tensor> {
        let (a, t, ρ) = (Tensor(curvatures), Tensor(target), weight)
        return BilevelProblem(
            upperObjective: { x, y in ((y - t).squared().sum() + x.squared().sum() * ρ) * 0.5 },
            lowerObjective: { x, y in (a * y.squared() * 0.5 - x * y).sum() }, lowerConstraint: constraint)
    }

    /// y* and dF/dx for a solved lower level.
    public func implicit(at x: [Double]) -> (y: [Double], hypergradient: [Double]) {
        let y = zip(x, curvatures).map { $0 / $1 }
        return (y, curvatures.indices.map { (y[$0] - target[$0]) / curvatures[$0] + weight * x[$0] })
    }

    /// x*, of shape [n].
    public var solution: [Double] {
        curvatures.indices.map { (target[$0] / curvatures[$0]) / (1 / (curvatures[$0] * curvatures[$0]) + weight) }
    }

    /// dF/dx and dF/dy_0 after `steps` descent steps of which the last `differentiated` count.
    public func unrolled(steps: Int, differentiated: Int, rate: Double) -> (x: [Double], start: [Double]) {
        let parts = curvatures.indices.map { i -> (Double, Double) in
            let r = 1 - rate * curvatures[i], power = pow(r, Double(steps)), h = pow(r, Double(differentiated))
            let y = power * start.y[i] + rate * start.x[i] * (1 - power) / (1 - r)
            return ((y - target[i]) * rate * (1 - h) / (1 - r) + weight * start.x[i], (y - target[i]) * h)
        }
        return (parts.map(\.0), parts.map(\.1))
    }
}

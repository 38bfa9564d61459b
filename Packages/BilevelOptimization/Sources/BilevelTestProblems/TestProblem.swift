import BilevelOptimization
import Foundation
import Tensors

/// A bilevel problem with a known solution, and what is true of it: the table methods x problems is made from these.
public struct TestProblem: Sendable {
    /// As tables show it.
    public let name: String
    /// x and y of shape [count].
    public let problem: BilevelProblem<Tensor, Tensor>
    /// Where x and y start.
    public let start: (x: [Double], y: [Double])
    /// x* and y*(x*); where the lower level has several minima, the one that is best above.
    public let solution: (x: [Double], y: [Double])
    /// A step size below 2/L of the lower objective near the path.
    public let lowerRate: Double
    /// A step size of the upper level with which the exact hypergradient converges in some hundreds of iterations.
    public let upperRate: Double
    /// What a method may need or not stand.
    public let traits: Set<Trait>

    /// What is true of a lower level.
    public enum Trait: String, Sendable, CaseIterable {
        /// The lower objective is strongly convex in y at every x.
        case stronglyConvexBelow = "strongly convex lower level"
        /// The lower level has several solutions, or several local minima.
        case severalLowerMinima = "several lower minima"
        /// Y is not the whole space.
        case constrainedBelow = "constrained lower level"
    }

    /// Every row of the table.
    public static let all: [TestProblem] = [quadratic, ridge, logistic, nonconvex, convex, multipleMinima]

    private static let pair = QuadraticProblem(
        curvatures: [0.5, 2], target: [1, -0.5], start: ([0.7, -1.2], [0.1, 0.2]))
    /// `QuadraticProblem` in two variables; closed form.
    public static let quadratic = TestProblem(
        name: "quadratic", problem: pair.problem(), start: pair.start,
        solution: (pair.solution, pair.implicit(at: pair.solution).y),
        lowerRate: 0.4, upperRate: 0.3, traits: [.stronglyConvexBelow])

    /// Ridge regression with x = log of the penalty, chosen on validation data; closed form.
    public static let ridge: TestProblem = {
        let data = RidgeData.standard
        let x = data.bestPenaltyExponent
        return TestProblem(
            name: "ridge", problem: data.problem, start: ([0], [0, 0, 0]), solution: ([x], data.weights(exponent: x)),
            lowerRate: 0.3, upperRate: 2, traits: [.stronglyConvexBelow])
    }()

    /// Logistic regression with one weight, its penalty chosen on validation data; solution by bisection.
    public static let logistic: TestProblem = {
        let x = LogisticData.bestPenaltyExponent
        return TestProblem(
            name: "logistic", problem: LogisticData.problem, start: ([0.5], [0]),
            solution: ([x], [LogisticData.weight(exponent: x)]),
            lowerRate: 0.1, upperRate: 1, traits: [.stronglyConvexBelow])
    }()

    /// Liu et al. 2021, eq. 10.
    public static let nonconvex: TestProblem = {
        let solution = LiuExamples.nonconvexSolution(dimension: 1)
        return TestProblem(
            name: "eq. 10", problem: LiuExamples.nonconvex { $0 }, start: ([7], [-1]),
            solution: (solution.x, solution.y), lowerRate: 5e-4, upperRate: 0.1,
            traits: [.severalLowerMinima, .constrainedBelow])
    }()

    /// Liu et al. 2021, eq. 13, with n = 2; y = (y₁, y₂), and y₂ does not appear below.
    public static let convex = TestProblem(
        name: "eq. 13", problem: LiuExamples.convex { ($0.sliced(0..<2), $0.sliced(2..<4)) },
        start: ([1.5, 0.5], [0, 0, 0, 0]), solution: ([1, 1], [1, 1, 1, 1]), lowerRate: 0.3, upperRate: 0.01,
        traits: [.severalLowerMinima])

    /// f = (y₁ - x)²/2 leaves y₂ free; F = (x - 1)² + (y₁ - 1)² + (y₂ - 2)²: the optimistic choice of y₂ is 2 (after
    /// Liu et al. 2020).
    public static let multipleMinima = TestProblem(
        name: "free coordinate",
        problem: BilevelProblem(
            upperObjective: { x, y in (x - 1).squaredNorm() + (y - Tensor([1.0, 2.0] as [Double])).squaredNorm() },
            lowerObjective: { x, y in (y.sliced(0..<1) - x).squaredNorm() * 0.5 }),
        start: ([3], [0, 0]), solution: ([1], [1, 2]), lowerRate: 0.5, upperRate: 0.1, traits: [.severalLowerMinima])
}

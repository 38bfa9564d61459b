import BilevelOptimization
import BilevelTestProblems
import Foundation
import RunSupport
import Tensors

/// The numerical examples of Liu et al. 2021 and a quadratic, each with its known solution.
package enum NumericalProblem: String, NamedSetting {
    /// Eq. 10: `LiuExamples.nonconvex`.
    case nonconvex
    /// Eq. 13: `LiuExamples.convex`.
    case convex
    /// min over x of ½‖y - 1‖² + ½ ρ ‖x‖², y in argmin of ½ yᵀ A y - xᵀ y, with A diagonal from 0.5 to 2 and ρ = 0.1.
    case quadratic

    static let quadraticWeight = 0.1

    /// The diagonal of A.
    static func curvatures(_ dimension: Int) -> [Double] {
        (0..<dimension).map { dimension == 1 ? 1 : 0.5 + 1.5 * Double($0) / Double(dimension - 1) }
    }

    /// - Parameter isProjected: whether the lower steps of `nonconvex` are projected onto [-2, 2]; z always is.
    package func problem(dimension: Int, elementType: ElementType, isProjected: Bool = true) -> BilevelProblem<
        Tensor, [Tensor]
    > {
        switch self {
        case .nonconvex: return LiuExamples.nonconvex(projectsLowerSteps: isProjected) { $0[0] }
        case .convex: return LiuExamples.convex { ($0[0], $0[1]) }
        case .quadratic:
            let diagonal = Tensor(Self.curvatures(dimension)).converted(to: elementType).evaluated()
            return BilevelProblem(
                upperObjective: { x, y in ((y[0] - 1).squaredNorm() + x.squaredNorm() * Self.quadraticWeight) * 0.5 },
                lowerObjective: { x, y in (diagonal * y[0].squared() * 0.5 - x * y[0]).sum() })
        }
    }

    /// The solution: one number a coordinate of x, and of each tensor of y; and the value there.
    package func solution(dimension n: Int) -> (x: [Double], y: [[Double]], value: Double) {
        func all(_ value: Double) -> [Double] { [Double](repeating: value, count: n) }
        switch self {
        case .nonconvex:
            let solution = LiuExamples.nonconvexSolution(dimension: n)
            return (solution.x, [solution.y], solution.value)
        case .convex: return (all(1), [all(1), all(1)], 0)
        case .quadratic:  // y = x/a; (x/a - 1)/a + ρ x = 0
            let a = Self.curvatures(n), x = a.map { (1 / $0) / (1 / ($0 * $0) + Self.quadraticWeight) },
                y = zip(x, a).map { $0 / $1 }
            let value = zip(x, y).reduce(0) { $0 + 0.5 * (pow($1.1 - 1, 2) + Self.quadraticWeight * pow($1.0, 2)) }
            return (x, [y], value)
        }
    }

    /// Whether y has a second tensor, y₂ of eq. 13.
    package var lowerTensorCount: Int { self == .convex ? 2 : 1 }
}

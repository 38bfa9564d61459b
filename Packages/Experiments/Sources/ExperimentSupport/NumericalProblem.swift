import BilevelOptimization
import Foundation
import Tensors

/// The numerical examples of Liu et al. 2021 and a quadratic, each with its known solution.
public enum NumericalProblem: String, Sendable, CaseIterable {
    /// Eq. 10: min over x in [1, 10] of x + x y, y in argmin over [-2, 2] of -sin(x y); summed over coordinates.
    case nonconvex
    /// Eq. 13: min over x in [-100, 100]ⁿ of ‖x - y₂‖⁴ + ‖y₁ - e‖⁴, (y₁, y₂) in argmin of ½‖y₁‖² - xᵀ y₁.
    case convex
    /// min over x of ½‖y - 1‖² + ½ ρ ‖x‖², y in argmin of ½ yᵀ A y - xᵀ y, with A diagonal from 0.5 to 2 and ρ = 0.1.
    case quadratic

    static let quadraticWeight = 0.1

    /// The diagonal of A.
    static func curvatures(_ dimension: Int) -> [Double] {
        (0..<dimension).map { dimension == 1 ? 1 : 0.5 + 1.5 * Double($0) / Double(dimension - 1) }
    }

    /// - Parameter isProjected: whether the lower steps of `nonconvex` are projected onto [-2, 2]; z always is.
    public func problem(dimension: Int, elementType: ElementType, isProjected: Bool = true) -> BilevelProblem<
        Tensor, [Tensor]
    > {
        switch self {
        case .nonconvex:
            var problem = BilevelProblem<Tensor, [Tensor]>(
                upperObjective: { x, y in (x + x * y[0]).sum() }, lowerObjective: { x, y in -(x * y[0]).sin().sum() },
                upperConstraint: .box(lower: 1, upper: 10), lowerConstraint: .box(lower: -2, upper: 2))
            problem.projectsLowerSteps = isProjected
            return problem
        case .convex:
            return BilevelProblem(
                upperObjective: { x, y in (x - y[1]).squaredNorm().squared() + (y[0] - 1).squaredNorm().squared() },
                lowerObjective: { x, y in y[0].squaredNorm() * 0.5 - x.dot(y[0]) },
                upperConstraint: .box(lower: -100, upper: 100))
        case .quadratic:
            let diagonal = Tensor(Self.curvatures(dimension)).converted(to: elementType).evaluated()
            return BilevelProblem(
                upperObjective: { x, y in ((y[0] - 1).squaredNorm() + x.squaredNorm() * Self.quadraticWeight) * 0.5 },
                lowerObjective: { x, y in (diagonal * y[0].squared() * 0.5 - x * y[0]).sum() })
        }
    }

    /// The solution: one number a coordinate of x, and of each tensor of y; and the value there.
    public func solution(dimension: Int) -> (x: [Double], y: [[Double]], value: Double) {
        let n = dimension
        func all(_ value: Double) -> [Double] { [Double](repeating: value, count: n) }
        switch self {
        case .nonconvex: return (all(11 * .pi / 4), [all(-2)], -11 * .pi / 4 * Double(n))
        case .convex: return (all(1), [all(1), all(1)], 0)
        case .quadratic:  // y = x/a; (x/a - 1)/a + ρ x = 0
            let a = Self.curvatures(n), x = a.map { (1 / $0) / (1 / ($0 * $0) + Self.quadraticWeight) },
                y = zip(x, a).map { $0 / $1 }
            let value = zip(x, y).reduce(0) { $0 + 0.5 * (pow($1.1 - 1, 2) + Self.quadraticWeight * pow($1.0, 2)) }
            return (x, [y], value)
        }
    }

    /// Whether y has a second tensor, y₂ of eq. 13.
    public var lowerTensorCount: Int { self == .convex ? 2 : 1 }
}

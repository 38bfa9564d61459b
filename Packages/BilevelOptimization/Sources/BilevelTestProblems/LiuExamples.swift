import BilevelOptimization
import Foundation
import Tensors

/// The numerical examples of Liu et al. 2021, for any dimension (that of x), element type (that of x and y) and shape
/// of y: a caller says where in its y the parts lie.
public enum LiuExamples {
    /// Eq. 10: min over x in [1, 10] of x + x y, y in argmin over [-2, 2] of -sin(x y); summed over coordinates.
    /// - Parameter projectsLowerSteps: whether the lower steps are projected onto [-2, 2]; z always is.
    public static func nonconvex<Lower: TensorTree>(
        projectsLowerSteps: Bool = true, y part: @escaping @Sendable (Lower) -> Tensor
    ) -> BilevelProblem<Tensor, Lower> {
        var problem = BilevelProblem<Tensor, Lower>(
            upperObjective: { x, y in (x + x * part(y)).sum() },
            lowerObjective: { x, y in -(x * part(y)).sin().sum() },
            upperConstraint: .box(lower: 1, upper: 10), lowerConstraint: .box(lower: -2, upper: 2))
        problem.projectsLowerSteps = projectsLowerSteps
        return problem
    }

    /// x*, y* and F* of eq. 10 with n coordinates: 11π/4, -2 and -11π/4 each.
    public static func nonconvexSolution(dimension n: Int) -> (x: [Double], y: [Double], value: Double) {
        (
            [Double](repeating: 11 * .pi / 4, count: n), [Double](repeating: -2, count: n), -11 * .pi / 4 * Double(n)
        )
    }

    /// Eq. 13: min over x in [-100, 100]ⁿ of ‖x - y₂‖⁴ + ‖y₁ - e‖⁴, (y₁, y₂) in argmin of ½‖y₁‖² - xᵀ y₁. y₂ does not
    /// appear below; at the solution all are e.
    public static func convex<Lower: TensorTree>(y parts: @escaping @Sendable (Lower) -> (Tensor, Tensor))
        -> BilevelProblem<Tensor, Lower>
    {
        BilevelProblem(
            upperObjective: { x, y in
                let (y1, y2) = parts(y)
                return (x - y2).squaredNorm().squared() + (y1 - 1).squaredNorm().squared()
            },
            lowerObjective: { x, y in
                let y1 = parts(y).0
                return y1.squaredNorm() * 0.5 - x.dot(y1)
            },
            upperConstraint: .box(lower: -100, upper: 100))
    }
}

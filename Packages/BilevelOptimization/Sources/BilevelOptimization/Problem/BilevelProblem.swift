import Tensors

/// min over x in X of F(x, y) subject to y in argmin over y in Y of f(x, y).
///
/// Both objectives are traced once: they build a scalar from placeholders. What they capture (data) is constant.
public struct BilevelProblem<Upper: TensorTree, Lower: TensorTree>: Sendable {
    /// F(x, y), of one element.
    public let upperObjective: @Sendable (Upper, Lower) -> Tensor
    /// f(x, y), of one element.
    public let lowerObjective: @Sendable (Upper, Lower) -> Tensor
    /// X.
    public let upperConstraint: Constraint
    /// Y; the projection onto it belongs to every lower step and to its derivative.
    public let lowerConstraint: Constraint
    /// What becomes of ∇_y f in a lower step, one after the other: of a task's problem, what its meta-problem learns.
    var directions: [@Sendable (Upper, Lower, Lower) -> Lower] = []
    /// False leaves the projection out of the lower steps, as an ablation; a learned initialization is projected all
    /// the same.
    public var projectsLowerSteps = true

    /// Where a lower step ends.
    var stepConstraint: Constraint { projectsLowerSteps ? lowerConstraint : .wholeSpace }

    /// Closures are traced once, with placeholders: they must be made of operations on their arguments and on data.
    public init(
        upperObjective: @escaping @Sendable (Upper, Lower) -> Tensor,
        lowerObjective: @escaping @Sendable (Upper, Lower) -> Tensor,
        upperConstraint: Constraint = .wholeSpace, lowerConstraint: Constraint = .wholeSpace
    ) {
        self.upperObjective = upperObjective
        self.lowerObjective = lowerObjective
        self.upperConstraint = upperConstraint
        self.lowerConstraint = lowerConstraint
    }
}

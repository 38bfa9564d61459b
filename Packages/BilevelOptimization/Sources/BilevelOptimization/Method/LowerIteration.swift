import Tensors

/// What one must say of a lower iteration y_{k+1} = Φ_k(x, y_k) to use it as `Dynamics`.
///
/// A step is built from operations and compiled once; it is differentiated in y, in what it carries, and in x. Dynamics
/// of an outside package are a `Hashable` struct with `rate` and `step`, used as `Dynamics(MyIteration(…))`.
public protocol LowerIteration: Sendable, Hashable, CustomStringConvertible {
    /// The step size along ∇_y f.
    var rate: Double { get }
    /// What a step carries besides y, as a function of y_0. Nothing unless said otherwise.
    func initialState(for lower: [Tensor]) -> [Tensor]
    /// One step from y and what is carried, to both after it. It should end in `level.projection`.
    func step(_ lower: [Tensor], state: [Tensor], in level: LowerLevel) -> (lower: [Tensor], state: [Tensor])
    /// Whether the same map is applied at every step, so that its limit is a fixed point: what the adjoint iterations
    /// (fixed point, GMRES) assume. False unless said otherwise.
    var isAutonomous: Bool { get }
    /// Whether the iteration rests where ∇_y f vanishes on the free coordinates: what conjugate gradient and the
    /// Neumann series assume. False unless said otherwise.
    var restsWhereGradientVanishes: Bool { get }
    /// Whether a step is Proj(y - rate · ∇_y f) and nothing else. False unless said otherwise.
    var isGradientDescent: Bool { get }
    /// Whether what is carried is a velocity, a tensor for each of y's. False unless said otherwise.
    var hasVelocity: Bool { get }
    /// The iteration that solves a lower problem when nothing of the upper level is known, as a new task's query
    /// labels; itself unless said otherwise. One that reads `level.upperGradient` must say otherwise.
    var withoutUpperLevel: Dynamics { get }
    /// Throws what is wrong with the parameters; a rate that is not positive unless said otherwise.
    func check() throws(SolverError)
}

extension LowerIteration {
    public func initialState(for lower: [Tensor]) -> [Tensor] { [] }
    public var isAutonomous: Bool { false }
    public var restsWhereGradientVanishes: Bool { false }
    public var isGradientDescent: Bool { false }
    public var hasVelocity: Bool { false }
    public var withoutUpperLevel: Dynamics { Dynamics(self) }
    public func check() throws(SolverError) { try checkPositive([("lower rate", rate)]) }
    public var description: String { String(describing: Self.self) }
}

/// What a lower step may read of its problem at a given x.
public struct LowerLevel {
    private let lowerGradient: ([Tensor]) -> [Tensor], gradientOfUpper: ([Tensor]) -> [Tensor]
    private let set: Constraint

    init<Upper: TensorTree, Lower: TensorTree>(_ problem: BilevelProblem<Upper, Lower>, _ upper: Upper, _ lower: Lower)
    {
        lowerGradient = { y in
            let y = lower.with(y), gradient = Tensors.gradient(of: problem.lowerObjective(upper, y), withRespectTo: y)
            return problem.directions.reduce(gradient) { $1(upper, y, $0) }.tensors
        }
        gradientOfUpper = { y in
            let y = lower.with(y)
            return Tensors.gradient(of: problem.upperObjective(upper, y), withRespectTo: y).tensors
        }
        set = problem.stepConstraint
    }

    /// ∇_y f(x, y), turned and stretched as a meta-problem learns.
    public func gradient(at lower: [Tensor]) -> [Tensor] { lowerGradient(lower) }
    /// ∇_y F(x, y).
    public func upperGradient(at lower: [Tensor]) -> [Tensor] { gradientOfUpper(lower) }
    /// The nearest point of Y; the same point where the problem's steps are not projected.
    public func projection(_ lower: [Tensor]) -> [Tensor] { set.projection(lower) }
}

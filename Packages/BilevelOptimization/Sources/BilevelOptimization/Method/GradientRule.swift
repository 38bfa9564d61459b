import Tensors

/// What one must say of a way to move a variable along a gradient to use it as an `UpdateRule`: a pure map (variable,
/// gradient, state) to (variable, state), built from operations.
///
/// The same rule steps the upper level and, compiled and differentiated, is a lower-level dynamics. A rule of an
/// outside package is a `Hashable` struct with `rate` and `step`, used as `UpdateRule(MyRule(…))`.
public protocol GradientRule: Sendable, Hashable, CustomStringConvertible {
    /// The step size: how far a gradient of 1 moves a coordinate at first.
    var rate: Double { get }
    /// What is carried from one step to the next besides the variable: velocities, moments. Nothing unless said
    /// otherwise.
    func initialState(for variable: [Tensor]) -> [Tensor]
    /// One step: the variable's tensors and as many of the state as `initialState` gave, in its order.
    func step(_ variable: [Tensor], gradient: [Tensor], state: [Tensor]) -> (variable: [Tensor], state: [Tensor])
    /// Whether the same map is applied at every step, so that its limit is a fixed point. False unless said otherwise.
    var isAutonomous: Bool { get }
    /// Whether variable and state rest where the gradient is zero, as the implicit function theorem assumes of y_K.
    /// False unless said otherwise.
    var restsWhereGradientVanishes: Bool { get }
    /// Whether a step is v - rate · g and nothing else. False unless said otherwise.
    var isGradientDescent: Bool { get }
    /// Whether the state is a velocity, a tensor for each of the variable's, and nothing else. False unless said
    /// otherwise.
    var hasVelocity: Bool { get }
    /// Throws what is wrong with the parameters; a rate that is not positive unless said otherwise.
    /// - Parameter role: what the rule moves ("upper", "lower", "initialization"), for the message.
    func check(as role: String) throws(SolverError)
}

extension GradientRule {
    public func initialState(for variable: [Tensor]) -> [Tensor] { [] }
    public var isAutonomous: Bool { false }
    public var restsWhereGradientVanishes: Bool { false }
    public var isGradientDescent: Bool { false }
    public var hasVelocity: Bool { false }
    public func check(as role: String) throws(SolverError) { try checkPositive([("\(role) rate", rate)]) }
    public var description: String { String(describing: Self.self) }
}

import Tensors

/// What one must say of a closed convex set to use it as a `Constraint`.
///
/// The projection is built from operations, so it is differentiated with the step that it ends; a set of an outside
/// package is a `Hashable` struct with one method, used as `Constraint(MySet(…))`.
public protocol ConvexSet: Sendable, Hashable, CustomStringConvertible {
    /// The nearest point of the set, over all coordinates of the variable's tensors.
    func projection(_ variable: [Tensor]) -> [Tensor]
    /// Whether each coordinate is projected by itself: then the projection's derivative is 0 or 1 a coordinate, which
    /// conjugate gradient and the Neumann series need. False unless said otherwise.
    var isCoordinatewise: Bool { get }
    /// Whether it leaves every point where it is. False unless said otherwise.
    var isWholeSpace: Bool { get }
    /// Throws what is wrong with the set's parameters, or with its fit to a variable; called where it enters a solver.
    /// - Parameter name: what the set is for ("x" or "y"), for the message.
    func check(for variable: [Tensor], named name: String) throws(SolverError)
}

extension ConvexSet {
    public var isCoordinatewise: Bool { false }
    public var isWholeSpace: Bool { false }
    public func check(for variable: [Tensor], named name: String) throws(SolverError) {}
    public var description: String { String(describing: Self.self) }
}

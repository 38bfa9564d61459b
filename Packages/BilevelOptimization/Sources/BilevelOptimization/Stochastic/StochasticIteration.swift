import Tensors

/// What one must say of a stochastic method to use it as a `StochasticMethod`: how x, y and the adjoint v, which
/// follows -(∇²_yy f)⁻¹ ∇_y F, move with batches of samples. One of an outside package is used as
/// `StochasticMethod(MyMethod(…))`.
public protocol StochasticIteration: Sendable, Hashable {
    /// How it is called in messages.
    var name: String { get }
    /// Whether the last derivatives of every batch are kept in `StochasticIterate.memory`. False unless said otherwise.
    var remembersBatches: Bool { get }
    /// Moves x, y and v in place; what is not finite afterwards undoes the step.
    func step(_ iterate: StochasticIterate)
    /// Throws what is wrong with its parameters; nothing unless said otherwise.
    func check() throws(SolverError)
}

extension StochasticIteration {
    public var remembersBatches: Bool { false }
    public func check() throws(SolverError) {}
}

/// How a stochastic method moves x, y and the adjoint v: any `StochasticIteration`, by value.
public struct StochasticMethod: Sendable, Hashable, CustomStringConvertible {
    /// What steps.
    public let base: any StochasticIteration

    /// Any iteration, also of another package.
    public init(_ iteration: some StochasticIteration) { base = iteration }

    public var name: String { base.name }
    public var description: String { base.name }

    public static func == (a: StochasticMethod, b: StochasticMethod) -> Bool {
        AnyHashable(a.base) == AnyHashable(b.base)
    }

    public func hash(into hasher: inout Hasher) { base.hash(into: &hasher) }
}

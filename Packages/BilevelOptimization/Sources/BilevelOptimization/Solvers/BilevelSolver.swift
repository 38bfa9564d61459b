import Tensors

/// Anything that solves a bilevel problem iteration by iteration.
public protocol BilevelSolver<Upper, Lower, Report>: AnyObject {
    associatedtype Upper: TensorTree
    associatedtype Lower: TensorTree
    associatedtype Report: SolverReport
    /// Iterations that are done.
    var iteration: Int { get }
    /// x; another must have tensors of the same number, shapes and types, or the program stops with both layouts.
    var upper: Upper { get set }
    /// y as it stands.
    var lower: Lower { get }
    /// z: where y starts in the next iteration; set like `upper`.
    var initialization: Lower { get set }
    /// dF/dx of the last iteration; for methods that have none, the direction in which x moved. Zeros before the first
    /// iteration, and after `restore`.
    var hypergradient: Upper { get }
    /// All that a later run needs to go on to the same bits.
    var state: SolverState { get }
    /// Goes on from another's state; throws, and changes nothing, where it does not fit.
    func restore(_ state: SolverState) throws(SolverError)
    /// One upper iteration. When it throws, every value is as it was before it.
    func step() throws(SolverError) -> Report
}

/// What every solver says of an iteration.
public protocol SolverReport: Sendable {
    /// Counted from 1.
    var iteration: Int { get }
    /// F as the method knows it.
    var upperValue: Double { get }
    /// ‖dF/dx‖₂ and ‖dF/dy_0‖₂.
    var hypergradientNorm: Double { get }
    var initializationGradientNorm: Double { get }
    var seconds: Double { get }
}

extension IterationReport: SolverReport {}

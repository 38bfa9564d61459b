import Tensors

/// Anything that solves a bilevel problem iteration by iteration.
public protocol BilevelSolver: AnyObject {
    associatedtype Upper: TensorTree
    associatedtype Lower: TensorTree
    /// x and y as they stand.
    var upper: Upper { get }
    var lower: Lower { get }
    /// One upper iteration. When it throws, the variables are as they were before it.
    func step() throws(SolverError) -> IterationReport
}

extension Solver: BilevelSolver {}

import Tensors

/// A method that needs first derivatives only: it never differentiates through the lower steps, but moves x and y on a
/// single-level problem that stands for the bilevel one (a penalty on the value gap f(x, y) - min f(x, ·), or on its
/// Moreau envelope).
///
/// One upper iteration runs the phases in order; each is a pure map of the state that is compiled once and replayed.
public protocol SingleLevelMethod: Sendable {
    /// How it is called on the command line.
    var name: String { get }
    /// Step sizes and weights that must be positive, with their names.
    var positiveParameters: [(name: String, value: Double)] { get }
    func phases<Upper: TensorTree, Lower: TensorTree>(_ problem: BilevelProblem<Upper, Lower>) -> [SingleLevelPhase<
        Upper, Lower
    >]
}

/// x, y, an auxiliary lower variable (called θ or z in the papers), and the number t of the iteration from 0 on.
public struct SingleLevelState<Upper: TensorTree, Lower: TensorTree>: TensorTree {
    /// The variables, and a second lower one where the method has it.
    public var x: Upper, y: Lower, auxiliary: Lower
    /// The iteration from 0, of one element.
    public var t: Tensor

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try x.visitTensors(under: "x", visit)
        try y.visitTensors(under: "y", visit)
        try auxiliary.visitTensors(under: "auxiliary", visit)
        try visit("t", &t)
    }
}

/// A map of the state, applied so many times.
public struct SingleLevelPhase<Upper: TensorTree, Lower: TensorTree> {
    /// How often it is applied in an iteration.
    public let repetitions: Int
    /// Made of operations; it is compiled once.
    public let map: (inout SingleLevelState<Upper, Lower>) -> Void

    /// - Parameter repetitions: at least 1.
    public init(repetitions: Int = 1, _ map: @escaping (inout SingleLevelState<Upper, Lower>) -> Void) {
        self.repetitions = repetitions
        self.map = map
    }
}

extension TensorTree {
    /// v - rate · direction, tensor by tensor, then projected.
    public func moved(along direction: Self, rate: Tensor, onto set: Constraint) -> Self {
        with(set.projection(zip(tensors, direction.tensors).map { $0 - $1 * rate }))
    }

    /// Π(this - rate · direction).
    public func moved(along direction: Self, rate: Double, onto set: Constraint) -> Self {
        with(set.projection(zip(tensors, direction.tensors).map { $0 - $1 * rate }))
    }

    // No operators: on arrays of tensors `+` already joins them.
    func adding(_ other: Self, times scale: Tensor) -> Self { combined(with: other) { $0 + $1 * scale } }
    func adding(_ other: Self, times scale: Double = 1) -> Self { combined(with: other) { $0 + $1 * scale } }
    func minus(_ other: Self) -> Self { combined(with: other) { $0 - $1 } }
}

extension BilevelProblem {
    /// ∇_x F and ∇_y F; ∇_x f and ∇_y f.
    public func upperGradients(_ x: Upper, _ y: Lower) -> (x: Upper, y: Lower) {
        partialGradients(upperObjective, x, y)
    }
    /// ∇_x f and ∇_y f.
    public func lowerGradients(_ x: Upper, _ y: Lower) -> (x: Upper, y: Lower) {
        partialGradients(lowerObjective, x, y)
    }

    /// Partial derivatives: x may already be an expression of y (after its move), which must not count.
    private func partialGradients(_ objective: (Upper, Lower) -> Tensor, _ x: Upper, _ y: Lower) -> (x: Upper, y: Lower)
    {
        let x = x.map { $0.stopGradient() }, y = y.map { $0.stopGradient() }
        let all = gradient(of: objective(x, y), withRespectTo: x.tensors + y.tensors), count = x.tensors.count
        return (x.with(Array(all[..<count])), y.with(Array(all[count...])))
    }
}

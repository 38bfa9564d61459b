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
    public var x: Upper, y: Lower, auxiliary: Lower
    public var t: Tensor

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try x.visitTensors(under: "x", visit)
        try y.visitTensors(under: "y", visit)
        try auxiliary.visitTensors(under: "auxiliary", visit)
        try visit("t", &t)
    }
}

public struct SingleLevelPhase<Upper: TensorTree, Lower: TensorTree> {
    public let repetitions: Int
    public let map: (inout SingleLevelState<Upper, Lower>) -> Void

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

import Tensors

/// Ridge regression in closed form: W = Zᵀ (Z Zᵀ + λ I)⁻¹ Y minimises ½ ‖Z W - Y‖² + λ/2 ‖W‖². The system is as large
/// as there are samples, not features: a few-shot task has few (R2D2, Bertinetto et al. 2019).
/// - Parameters:
///   - features: Z, [n, d].
///   - targets: Y, [n, outputs].
///   - regularization: λ > 0, [].
/// - Returns: W, [d, outputs].
public func ridgeRegression(features: Tensor, targets: Tensor, regularization: Tensor) -> Tensor {
    let n = features.shape[0]
    let identity = Tensor.identity(n, elementType: features.elementType)
    let system = features.product(features, transposingOther: true) + identity * regularization
    return features.product(system.solvedPositiveDefinite(targets), transposingSelf: true)
}

extension Tensor {
    /// A⁻¹ B for a symmetric positive definite A, by Gauss and Jordan's elimination, which needs no pivots there. Each
    /// of the n steps is a few operations, so it is for small n, and has derivatives of any order.
    /// - Parameter right: B, [n, columns]; `self` is [n, n].
    public func solvedPositiveDefinite(
        _ right: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let n = shape[0]
        require(
            rank == 2 && shape[1] == n && right.rank == 2 && right.shape[0] == n,
            "solvedPositiveDefinite: \(shape) and \(right.shape)", file: file, line: line)
        let identity = Tensor.identity(n, elementType: elementType)
        // What is left of [A | B]: eliminated columns are dropped.
        var rest = Tensor(concatenating: [self, right], axis: 1)
        for step in 0..<n {
            let column = rest.sliced(axis: 1, 0..<1), others = rest.sliced(axis: 1, 1..<rest.shape[1])
            let pivotRow = others.sliced(step..<(step + 1)) / column.sliced(step..<(step + 1))
            // Row `step` becomes the pivot row, every other loses its multiple.
            rest = others - (column - identity.sliced(axis: 1, step..<(step + 1))) * pivotRow
        }
        return rest
    }

    static func identity(_ n: Int, elementType: ElementType) -> Tensor {
        Tensor((0..<n * n).map { $0 / n == $0 % n ? 1.0 : 0 }, shape: [n, n]).converted(to: elementType)
    }
}

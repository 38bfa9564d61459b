/// The number τ with Σ max(v_i - τ, 0) = total: what projects v onto a simplex (Held, Wolfe and Crowder 1974).
struct SimplexThreshold: KernelOperation {
    let total: Double
    var name: String { "simplexThreshold(\(total))" }

    /// τ = (Σ_A v_i - total)/|A| over the coordinates A above τ; they do not change under small changes of v.
    func adjoint(of threshold: Tensor, operand index: Int, cotangent u: Tensor) -> Tensor? {
        let v = threshold.operands[0], isAbove = threshold.less(v).stopGradient()
        return (u / isAbove.sum()).where(isAbove)
    }

    func kernel(operands: [View], result: View) -> Kernel {
        func search<T: BinaryFloatingPoint & Sendable>(_: T.Type) -> Kernel {
            let operand = operands[0], count = operand.shape.count, total = T(self.total)
            return { memory in
                let v = memory.pointer(operand, as: T.self)
                let values = UnsafeBufferPointer(start: v, count: count)
                var sum: T = 0, threshold = T.nan
                // Not a number is nothing that could be sorted.
                let descending = values.contains(where: \.isNaN) ? [] : values.sorted(by: >)
                for (i, value) in descending.enumerated() {
                    sum += value
                    let candidate = (sum - total) / T(i + 1)
                    if i == 0 || value > candidate { threshold = candidate } else { break }
                }
                memory.pointer(result, as: T.self).pointee = threshold
            }
        }
        return result.elementType == .float64 ? search(Double.self) : search(Float.self)
    }
}

extension Tensor {
    /// The scalar τ with Σ max(v - τ, 0) = `total` over all elements v; `total` must be positive.
    public func simplexThreshold(total: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            elementType.isFloatingPoint && count > 0 && total > 0,
            "simplexThreshold: of \(shape) \(elementType), total \(total)", file: file, line: line)
        return Tensor(SimplexThreshold(total: total), [reshaped(to: [count])], shape: .scalar, elementType: elementType)
    }
}

import Tensors

extension GraphApplication {
    /// Whether small changes of the operands leave every decision as it is, and no derivative is large because of a
    /// singularity nearby. Finite differences move operands by some 1e-4 at most.
    func keepsClear(of x: [Tensor], result: Tensor) -> Bool {
        switch operation {
        case .abs, .sign, .step, .relu: return isApart(x[0])
        case .maximum, .minimum, .less, .lessOrEqual, .greater, .greaterOrEqual, .equal:
            return isApart(number.map { x[0] - $0 } ?? (x[0] - x[1]))
        case .clamp: return numbers!.allSatisfy { isApart(x[0] - $0) }
        case .max, .min, .argmax, .maxPooled: return valuesDiffer(x[0])
        case .simplexThreshold: return isApart(x[0] - result)
        case .log, .sqrt: return isAbove(0.2, x[0])
        case .log1p: return isAbove(-0.8, x[0])
        case .reciprocal: return isAbove(0.3, x[0].abs())
        case .divide:
            return isAbove(
                0.3, number == nil ? x[1].abs() : numberFirst == true ? x[0].abs() : Tensor([1.0] as [Double]))
        case .power:
            let isWholeAndPositive = number.map { $0 >= 0 && $0 == $0.rounded() } ?? false
            return isWholeAndPositive || isAbove(0.2, x[0])
        case .norm: return isAbove(0.2, result)
        default: return true
        }
    }

    private func isApart(_ gaps: Tensor) -> Bool { isAbove(2e-3, gaps.abs()) }

    private func isAbove(_ bound: Double, _ x: Tensor) -> Bool { x.scalars.allSatisfy { $0 > bound } }

    private func valuesDiffer(_ x: Tensor) -> Bool {
        guard x.elementType.isFloatingPoint else { return true }
        let sorted = x.scalars.sorted()
        return zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 > 2e-3 }
    }
}

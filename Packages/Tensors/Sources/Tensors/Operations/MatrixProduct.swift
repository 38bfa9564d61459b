/// op(A) · op(B), where op transposes the last two axes if asked: [batch…, m, k] and [batch…, k, n] give [batch…, m,
/// n].
struct MatrixProduct: KernelOperation {
    var transposeA = false
    var transposeB = false
    var name: String { "matrixProduct" + (transposeA ? " Aᵀ" : "") + (transposeB ? " Bᵀ" : "") }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        let a = y.operands[0], b = y.operands[1]
        if index == 0 {
            return transposeA
                ? b.product(v, transposingSelf: transposeB, transposingOther: true)
                : v.product(b, transposingOther: !transposeB)
        }
        return transposeB
            ? v.product(a, transposingSelf: true, transposingOther: transposeA)
            : a.product(v, transposingSelf: !transposeA)
    }

    func accepts(_ view: View, operand index: Int) -> Bool {
        MatrixLayout(view) != nil
    }

    func floatingPointOperations(operands: [Shape], result: Shape) -> Int {
        2 * result.count * operands[0][transposeA ? -2 : -1]
    }

    func kernel(operands: [View], result: View) -> Kernel {
        let a = MatrixLayout(operands[0])!, b = MatrixLayout(operands[1])!
        return MatrixKernel(
            a: a, transposeA: transposeA != a.isColumnMajor, b: b, transposeB: transposeB != b.isColumnMajor,
            m: result.shape[-2], n: result.shape[-1], k: operands[0].shape[transposeA ? -2 : -1],
            batch: result.shape.extents.dropLast(2).reduce(1, *), result: result
        ).kernel
    }
}

/// Kernels whose speed is the machine's multiply-add peak: products and convolutions.
protocol ProductOperation: KernelOperation {}
extension MatrixProduct: ProductOperation {}

extension Tensor {
    /// The matrix product with either factor transposed in its last two axes, without copying.
    ///
    /// A vector [k] stands for a row on the left and for a column on the right, and the result lacks that axis: a
    /// matrix times a vector is a vector, two vectors give a scalar.
    /// - Parameter other: [batch…, k, n]; `self` is [batch…, m, k]. Batch axes broadcast.
    public func product(
        _ other: Tensor, transposingSelf: Bool = false, transposingOther: Bool = false,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        func refusal() -> String {
            "matrixProduct: \(shape)\(transposingSelf ? "ᵀ" : "") \(elementType) and "
                + "\(other.shape)\(transposingOther ? "ᵀ" : "") \(other.elementType)"
        }
        require(
            rank >= (transposingSelf ? 2 : 1) && other.rank >= (transposingOther ? 2 : 1)
                && elementType == other.elementType && elementType.isFloatingPoint, refusal(), file: file, line: line)
        if rank == 1 || other.rank == 1 {
            let a = rank == 1 ? expandingAxis(0) : self, b = other.rank == 1 ? other.expandingAxis(1) : other
            require(
                a.shape[transposingSelf ? -2 : -1] == b.shape[transposingOther ? -1 : -2], refusal(), file: file,
                line: line)
            let product = a.product(b, transposingSelf: transposingSelf, transposingOther: transposingOther)
            var extents = product.shape.extents
            if rank == 1 { extents.remove(at: extents.count - 2) }
            if other.rank == 1 { extents.removeLast() }
            return product.reshaped(to: Shape(extents))
        }
        let m = shape[transposingSelf ? -1 : -2], k = shape[transposingSelf ? -2 : -1]
        let n = other.shape[transposingOther ? -2 : -1]
        guard k == other.shape[transposingOther ? -1 : -2],
            let batch = Shape(shape.extents.dropLast(2)).broadcast(with: Shape(other.shape.extents.dropLast(2)))
        else { stop(refusal(), file: file, line: line) }
        let a = broadcast(to: Shape(batch.extents + shape.extents.suffix(2)))
        let b = other.broadcast(to: Shape(batch.extents + other.shape.extents.suffix(2)))
        return Tensor(
            MatrixProduct(transposeA: transposingSelf, transposeB: transposingOther), [a, b],
            shape: Shape(batch.extents + [m, n]), elementType: elementType)
    }
}

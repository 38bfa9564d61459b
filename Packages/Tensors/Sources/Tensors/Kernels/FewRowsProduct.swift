import CTensorKernels

/// A compiled product aᵀ · b with few rows and a long sum, the gradient of a classifier's weights: pieces of the sum,
/// each in order through memory, then their total. (Pieces of the columns, as of other products, would each read a part
/// of every row of b.)
struct FewRowsProduct: SpecialProduct {
    private let a: MatrixLayout, b: MatrixLayout
    private let result: View
    private let m: Int, n: Int, k: Int
    private let pieces: Int

    /// Nil where oneDNN's product is as fast.
    init?(_ operands: ProductOperands, result: View) {
        (m, n) = (result.shape[-2], result.shape[-1])
        guard result.elementType == .float32, result.shape.count == m * n, let a = MatrixLayout(operands.a),
            let b = MatrixLayout(operands.b),
            operands.transposesA != a.isColumnMajor, operands.transposesB == b.isColumnMajor
        else { return nil }
        k = operands.b.shape[operands.transposesB ? -1 : -2]
        guard 2...Int(TENSOR_FEW_ROWS) ~= m, n >= 16, k >= 512 else { return nil }
        (self.a, self.b, self.result) = (a, b, result)
        pieces = Split(count: k / 256, costPerItem: 256 * m * n / 8).pieces
    }

    var kind: String { "" }
    var floatingPointOperations: Int { 2 * m * n * k }
    var scratchByteCount: Int { 4 * pieces * m * Int(tensor_few_rows_width(Int64(n))) }

    private func operand(
        _ elements: UnsafePointer<Float>, _ layout: MatrixLayout, _ row: Int
    ) -> tensor_matrix_f32 {
        let stride = layout.leadingDimension
        return MatrixOperand(elements: elements + row * stride, rowStride: stride, isTransposed: false).inC
    }

    func kernel(scratch: View) -> Kernel {
        let (a, b, result, pieces) = (self.a, self.b, self.result, self.pieces),
            (m, n, k) = (Int64(self.m), Int64(self.n), self.k)
        let sumCount = self.m * Int(tensor_few_rows_width(n))
        return { memory in
            let sums = memory.pointer(scratch, as: Float.self), x = memory.pointer(a.view, as: Float.self),
                y = memory.pointer(b.view, as: Float.self)
            Split(pieces: pieces).run(on: memory.pool) {
                for piece in $0 {
                    let first = k * piece / pieces, end = k * (piece + 1) / pieces
                    tensor_product_few_rows_f32(
                        tensor_extents(m: m, n: n, k: Int64(end - first)), operand(x, a, first), operand(y, b, first),
                        sums + piece * sumCount)
                }
            }
            tensor_few_rows_total_f32(m, n, Int64(pieces), sums, memory.pointer(result))
        }
    }
}

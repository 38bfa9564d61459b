import CTensorKernels

/// A compiled matrix product one of whose factors is a constant that is mostly zeros: a · b, or b · a as (aᵀ · bᵀ)ᵀ.
///
/// Zeros are not multiplied. Where b is not finite, the whole column of a · b is NaN: no zero hides it.
struct SparseProduct: SpecialProduct {
    private let matrix: SparseMatrix
    private let other: View, otherRowStride: Int, otherColumnStride: Int
    private let columns: Int
    private let result: View
    private let isTransposed: Bool

    /// Nil where there is no such factor, or where another kernel is better.
    /// - Parameter form: the constant behind a view without its zeros; nil where it's no constant, or not worth it.
    init?(
        _ operands: ProductOperands, result: View, sparse form: (View, SparseMatrix.Layout) -> SparseMatrix?
    ) {
        let m = result.shape[-2], n = result.shape[-1]
        guard result.elementType == .float32, result.shape.count == m * n else { return nil }
        // Rows are those of the result, or of its transpose; columns run along the sum.
        func sparse(_ view: View, transposed: Bool) -> SparseMatrix? {
            guard view.shape[-2] * view.shape[-1] >= SparseMatrix.leastCount else { return nil }
            let (row, column) = transposed ? (-1, -2) : (-2, -1)
            let layout = SparseMatrix.Layout(
                rows: view.shape[row], depth: view.shape[column], offset: view.offset,
                rowStride: view.stride(row), columnStride: view.stride(column))
            return form(view, layout)
        }
        if n >= 8, let matrix = sparse(operands.a, transposed: operands.transposesA) {
            self.matrix = matrix
            (isTransposed, columns, other) = (false, n, operands.b)
            (otherRowStride, otherColumnStride) =
                operands.transposesB ? (other.stride(-1), other.stride(-2)) : (other.stride(-2), other.stride(-1))
        } else if m >= 8, let matrix = sparse(operands.b, transposed: !operands.transposesB) {
            self.matrix = matrix
            (isTransposed, columns, other) = (true, m, operands.a)
            (otherRowStride, otherColumnStride) =
                operands.transposesA ? (other.stride(-2), other.stride(-1)) : (other.stride(-1), other.stride(-2))
        } else {
            return nil
        }
        self.result = result
    }

    var kind: String { "sparse " }
    /// Those that the nonzeros cause.
    var floatingPointOperations: Int { 2 * matrix.nonzeroCount * columns }

    private var cut: tensor_sparse_cut { tensor_sparse_cut_of(Int64(columns)) }
    private var panelCount: Int { Int(cut.strips * cut.width) * matrix.depth }
    private var markCount: Int { Int(cut.vectors * cut.lanes) * matrix.blockCount }

    /// Bytes for the strips of b, and for a · b before it is transposed.
    var scratchByteCount: Int { 4 * (panelCount + markCount + (isTransposed ? matrix.rows * columns : 0)) }

    func kernel(scratch: View) -> Kernel {
        let other = self.other, row = Int64(otherRowStride), column = Int64(otherColumnStride),
            cut = self.cut
        let matrix = self.matrix, result = self.result, isTransposed = self.isTransposed
        let marksStart = panelCount, productStart = panelCount + markCount
        let packing = Split(count: matrix.blockCount, costPerItem: matrix.depth * self.columns / matrix.blockCount)
        let pieces = Split(
            count: matrix.groupCount, costPerItem: matrix.nonzeroCount * self.columns / matrix.groupCount / 8
        ).pieces
        let transposition = Split(count: Int(cut.strips), costPerItem: matrix.rows * Int(cut.width))
        return { memory in
            let room = memory.pointer(scratch, as: Float.self)
            let b = tensor_sparse_factor_f32(elements: memory.pointer(other), row: row, column: column)
            let panels = tensor_sparse_panels_f32(cut: cut, panels: room, marks: room + marksStart)
            let c = tensor_sparse_result_f32(
                elements: isTransposed ? room + productStart : memory.pointer(result), row: cut.columns,
                in_order: isTransposed ? 0 : 1)
            withUnsafePointer(to: matrix.pointers) { a in
                packing.run(on: memory.pool) {
                    for block in $0 { tensor_sparse_pack_f32(a, Int64(block), b, panels) }
                }
                Split(pieces: pieces).run(on: memory.pool) {
                    for piece in $0 {
                        tensor_sparse_product_f32(
                            a, panels, tensor_piece(number: Int64(piece), count: Int64(pieces)), c)
                    }
                }
                if isTransposed {
                    let y = memory.pointer(result, as: Float.self)
                    transposition.run(on: memory.pool) {
                        tensor_sparse_transpose_f32(a, tensor_range($0), cut, c.elements, y)
                    }
                }
            }
        }
    }
}

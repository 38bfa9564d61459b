import CDNNL
import CTensorKernels

/// One compiled (batch of) matrix product: which library kernel, on which pieces.
struct MatrixKernel: Sendable {
    let a: MatrixLayout
    let transposeA: Bool
    let b: MatrixLayout
    let transposeB: Bool
    let m: Int, n: Int, k: Int
    let batch: Int
    let result: View

    /// Pieces of a product are rows or columns of the result, whichever it has more of; of a batch, its matrices.
    private enum Axis { case batch, rows, columns }
    private var axis: Axis { batch > 1 ? .batch : m >= n ? .rows : .columns }

    /// Where our kernel for few columns beats oneDNN's, by measurement: one and a half to four times, on two
    /// processors.
    private var hasFewColumns: Bool { !transposeA && 2...Int(TENSOR_FEW_COLUMNS) ~= n && k >= 64 }

    var kernel: Kernel {
        if m == 0 || n == 0 || batch == 0 { return { _ in } }
        if k == 0 {  // empty sums, which not every library writes
            let result = self.result, byteCount = result.shape.count * result.elementType.byteCount
            return { memory in
                (memory.addresses[result.slot] + result.byteOffset).initializeMemory(
                    as: UInt8.self, repeating: 0, count: byteCount)
            }
        }
        let axis = self.axis
        let split =
            switch axis {
            case .batch: Split(count: batch, costPerItem: m * n * k / 8)
            case .rows: Split(count: m, costPerItem: n * k / 8)
            case .columns: Split(count: n, costPerItem: m * k / 8)
            }
        return { memory in
            split.runPieces(on: memory.pool) { piece in
                switch axis {
                case .batch: for i in piece { multiply(memory, matrix: i, rows: 0..<m, columns: 0..<n) }
                case .rows: multiply(memory, matrix: 0, rows: piece, columns: 0..<n)
                case .columns: multiply(memory, matrix: 0, rows: 0..<m, columns: piece)
                }
            }
        }
    }

    /// c [m, n] = op(a) [m, k] op(b), or added to c, by oneDNN on the calling thread.
    /// - Parameter rowStride: from row to row of c.
    static func product(
        _ extents: ProductExtents, _ a: MatrixOperand<Float>, _ b: MatrixOperand<Float>,
        into c: UnsafeMutablePointer<Float>, rowStride: Int, adding: Bool
    ) {
        tensor_single_threaded_openmp()
        let status = dnnl_sgemm(
            a.isTransposed ? 84 : 78, b.isTransposed ? 84 : 78,  // "T", "N"
            Int64(extents.m), Int64(extents.n), Int64(extents.k), 1, a.elements, Int64(a.rowStride), b.elements,
            Int64(b.rowStride), adding ? 1 : 0, c, Int64(rowStride))
        require(
            status == dnnl_success,
            "matrixProduct: oneDNN status \(status) for \(extents.m)x\(extents.n)x\(extents.k)")
    }

    private func multiply(_ memory: Memory, matrix: Int, rows: Range<Int>, columns: Range<Int>) {
        let aStart = matrix * a.batchStride + rows.lowerBound * (transposeA ? 1 : a.leadingDimension)
        let bStart = matrix * b.batchStride + columns.lowerBound * (transposeB ? b.leadingDimension : 1)
        let cStart = matrix * m * n + rows.lowerBound * n + columns.lowerBound
        func operands<T>(_: T.Type) -> (MatrixOperand<T>, MatrixOperand<T>) {
            (
                MatrixOperand(
                    elements: memory.pointer(a.view) + aStart, rowStride: a.leadingDimension, isTransposed: transposeA),
                MatrixOperand(
                    elements: memory.pointer(b.view) + bStart, rowStride: b.leadingDimension, isTransposed: transposeB)
            )
        }
        let extents = ProductExtents(m: rows.count, n: columns.count, k: k)
        switch result.elementType {
        case .float32:
            let (x, y) = operands(Float.self), c = memory.pointer(result, as: Float.self) + cStart
            if hasFewColumns {
                tensor_product_few_columns_f32(extents.inC, x.inC, y.inC, c, Int64(n))
            } else {
                MatrixKernel.product(extents, x, y, into: c, rowStride: n, adding: false)
            }
        case .float64:
            let (x, y) = operands(Double.self)
            tensor_product_f64(extents.inC, x.inC, y.inC, memory.pointer(result, as: Double.self) + cStart, Int64(n))
        case .int32: stop("matrixProduct: int32")
        }
    }
}

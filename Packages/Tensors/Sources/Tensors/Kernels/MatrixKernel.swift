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

    /// c = op(a) op(b), or added to c, by oneDNN on the calling thread; the last number of each matrix is from row to
    /// row.
    static func product(
        _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ transposeA: Bool, _ aRow: Int,
        _ b: UnsafePointer<Float>, _ transposeB: Bool, _ bRow: Int,
        _ c: UnsafeMutablePointer<Float>, _ cRow: Int, adding: Bool
    ) {
        tensor_single_threaded_openmp()
        let status = dnnl_sgemm(
            transposeA ? 84 : 78, transposeB ? 84 : 78,  // "T", "N"
            Int64(m), Int64(n), Int64(k), 1, a, Int64(aRow), b, Int64(bRow), adding ? 1 : 0, c, Int64(cRow))
        require(status == dnnl_success, "matrixProduct: oneDNN status \(status) for \(m)x\(n)x\(k)")
    }

    private func multiply(_ memory: Memory, matrix: Int, rows: Range<Int>, columns: Range<Int>) {
        let aStart = matrix * a.batchStride + rows.lowerBound * (transposeA ? 1 : a.leadingDimension)
        let bStart = matrix * b.batchStride + columns.lowerBound * (transposeB ? b.leadingDimension : 1)
        let cStart = matrix * m * n + rows.lowerBound * n + columns.lowerBound
        switch result.elementType {
        case .float32 where hasFewColumns:
            tensor_product_few_columns_f32(
                transposeB ? 1 : 0, Int64(rows.count), Int64(columns.count), Int64(k), memory.pointer(a.view) + aStart,
                Int64(a.leadingDimension),
                memory.pointer(b.view) + bStart, Int64(b.leadingDimension), memory.pointer(result) + cStart, Int64(n))
        case .float32:
            MatrixKernel.product(
                rows.count, columns.count, k, memory.pointer(a.view) + aStart, transposeA, a.leadingDimension,
                memory.pointer(b.view) + bStart, transposeB, b.leadingDimension, memory.pointer(result) + cStart, n,
                adding: false)
        case .float64:
            tensor_product_f64(
                transposeA ? 1 : 0, transposeB ? 1 : 0, Int64(rows.count), Int64(columns.count), Int64(k),
                memory.pointer(a.view) + aStart, Int64(a.leadingDimension),
                memory.pointer(b.view) + bStart, Int64(b.leadingDimension),
                memory.pointer(result) + cStart, Int64(n))
        case .int32: stop("matrixProduct: int32")
        }
    }
}

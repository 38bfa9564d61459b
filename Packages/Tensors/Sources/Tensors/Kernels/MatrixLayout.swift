/// A batch of matrices in memory: rows `leadingDimension` apart (columns, when column-major), matrices `batchStride`
/// apart.
struct MatrixLayout: Sendable {
    let view: View
    let isColumnMajor: Bool
    let leadingDimension: Int
    let batchStride: Int

    /// Nil when a row is not contiguous in either direction, or the batch is not evenly spaced.
    init?(_ view: View) {
        let rank = view.shape.rank, rows = view.shape[-2], columns = view.shape[-1]
        let rowStride = view.strides[rank - 2], columnStride = view.strides[rank - 1]
        self.view = view
        if (columnStride == 1 || columns == 1) && (rowStride >= columns || rows == 1) {
            isColumnMajor = false
            leadingDimension = rows == 1 ? columns : rowStride
        } else if (rowStride == 1 || rows == 1) && (columnStride >= rows || columns == 1) {
            isColumnMajor = true
            leadingDimension = columns == 1 ? rows : columnStride
        } else {
            return nil
        }
        let batch = Array(view.shape.extents.dropLast(2)), strides = Array(view.strides.dropLast(2))
        let outer = batch.indices.filter { batch[$0] != 1 }
        for (axis, next) in zip(outer, outer.dropFirst()) where strides[axis] != strides[next] * batch[next] {
            return nil
        }
        batchStride = outer.last.map { strides[$0] } ?? 0
    }
}

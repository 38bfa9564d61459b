import CTensorKernels

/// A matrix in memory as a factor of a product: its rows lie next to each other or `rowStride` elements apart.
struct MatrixOperand<T> {
    let elements: UnsafePointer<T>
    let rowStride: Int
    /// Whether its transpose is multiplied.
    let isTransposed: Bool
}

/// Of a product [m, k] · [k, n].
struct ProductExtents {
    let m: Int, n: Int, k: Int
}

extension ProductExtents {
    var inC: tensor_extents { tensor_extents(m: Int64(m), n: Int64(n), k: Int64(k)) }
}

extension MatrixOperand<Float> {
    var inC: tensor_matrix_f32 {
        tensor_matrix_f32(elements: elements, row: Int64(rowStride), transposed: isTransposed ? 1 : 0)
    }
}

extension MatrixOperand<Double> {
    var inC: tensor_matrix_f64 {
        tensor_matrix_f64(elements: elements, row: Int64(rowStride), transposed: isTransposed ? 1 : 0)
    }
}

extension TensorTree {
    /// Σ over all tensors of Σ a b.
    public func dot(_ other: Self) -> Tensor {
        let products = zip(tensors, other.tensors).map { $0.dot($1) }
        return products.dropFirst().reduce(products.first ?? Tensor(0)) { $0 + $1 }
    }
}

extension TensorTree {
    /// Σ over all tensors of Σ a b.
    public func dot(_ other: Self, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let a = tensors, b = other.tensors
        require(a.count == b.count, "dot: trees of \(a.count) and \(b.count) tensors", file: file, line: line)
        let products = zip(a, b).map { $0.dot($1, file: file, line: line) }
        return products.dropFirst().reduce(products.first ?? Tensor(0)) { $0 + $1 }
    }
}

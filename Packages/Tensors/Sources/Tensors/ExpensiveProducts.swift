/// The matrix products below `outputs` that cost at least `intensity` floating-point operations a byte of their result: worth
/// keeping in memory rather than computing again. Only those that depend on a placeholder.
public func expensiveProducts(_ outputs: [Tensor], intensity: Int = 200) -> [Tensor] {
    var varies = Set<ObjectIdentifier>(), result: [Tensor] = []
    for node in topologicalOrder(of: outputs) {
        guard node.operation is Placeholder || node.operands.contains(where: { varies.contains($0.id) }) else { continue }
        varies.insert(node.id)
        if let product = node.operation as? any ProductOperation {
            let operations = product.floatingPointOperations(operands: node.operands.map(\.shape), result: node.shape)
            if operations >= intensity * node.count * node.elementType.byteCount { result.append(node) }
        }
    }
    return result
}

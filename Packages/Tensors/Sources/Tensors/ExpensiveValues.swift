/// The values below `outputs` that are worth keeping in memory rather than computing again: matrix products and convolutions that cost at
/// least `intensity` floating-point operations a byte of their result, and pooled maps, which read much more than they give. Only those
/// that depend on a placeholder.
public func expensiveValues(_ outputs: [Tensor], intensity: Int = 200) -> [Tensor] {
    var varies = Set<ObjectIdentifier>(), result: [Tensor] = []
    for node in topologicalOrder(of: outputs) {
        guard node.operation is Placeholder || node.operands.contains(where: { varies.contains($0.id) }) else { continue }
        varies.insert(node.id)
        if let product = node.operation as? any ProductOperation {
            let operations = product.floatingPointOperations(operands: node.operands.map(\.shape), result: node.shape)
            if operations >= intensity * node.count * node.elementType.byteCount { result.append(node) }
        } else if let pool = node.operation as? PoolChoice, pool.isGather {
            result.append(node)
        }
    }
    return result
}

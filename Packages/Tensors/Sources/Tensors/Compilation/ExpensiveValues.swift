/// The values below `outputs` that are worth keeping in memory for `derivatives` rather than computing again: matrix
/// products and convolutions that cost at least `intensity` floating-point operations a byte of their result, and
/// pooled maps, which read much more than they give. Only those that depend on a placeholder.
public func expensiveValues(_ outputs: [Tensor], for derivatives: [Tensor], intensity: Int = 200) -> [Tensor] {
    let read = Set(topologicalOrder(of: derivatives).map(\.id))
    return varyingNodes(below: outputs).filter { node in
        guard read.contains(node.id) else { return false }
        if let product = node.operation as? any ProductOperation {
            return product.floatingPointOperations(operands: node.operands.map(\.shape), result: node.shape)
                >= intensity * node.count * node.elementType.byteCount
        }
        return (node.operation as? PoolChoice)?.isGather == true
    }
}

private func varyingNodes(below outputs: [Tensor]) -> [Tensor] {
    var varies = Set<ObjectIdentifier>()
    return topologicalOrder(of: outputs).filter { node in
        guard node.operation is Placeholder || node.operands.contains(where: { varies.contains($0.id) }) else {
            return false
        }
        varies.insert(node.id)
        return true
    }
}

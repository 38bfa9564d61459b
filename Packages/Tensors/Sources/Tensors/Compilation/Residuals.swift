/// The values below `results` that are worth keeping in memory for `derivatives` rather than computing again: matrix
/// products and convolutions that cost at least `price` floating-point operations a byte, and pooled maps, which read
/// much more than they give. Only those that vary with a placeholder and that are no result themselves.
///
/// The price says how dear memory is: what is kept for each of many steps must save more than what is kept once.
func residuals(of results: [Tensor], for derivatives: [Tensor], price: Int) -> [Tensor] {
    let read = Set(topologicalOrder(of: derivatives).map(\.id)), given = Set(results.map(\.id))
    return varyingNodes(below: results).filter { node in
        guard read.contains(node.id), !given.contains(node.id) else { return false }
        if let product = node.operation as? any ProductOperation {
            return product.floatingPointOperations(operands: node.operands.map(\.shape), result: node.shape)
                >= price * node.count * node.elementType.byteCount
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

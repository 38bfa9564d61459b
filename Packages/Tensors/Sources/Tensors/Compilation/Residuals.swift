/// The values below `results` that are worth keeping in memory for `derivatives` rather than computing again: matrix
/// products and convolutions that cost at least `price` floating-point operations a byte, and what is much less than
/// what it is found in: of pooled maps the largest and their places, of large tables their sums. Only those that vary
/// with a placeholder and that are no result themselves; what only others that are kept are computed from is not.
///
/// The price says how dear memory is: what is kept for each of many steps must save more than what is kept once.
func residuals(of results: [Tensor], for derivatives: [Tensor], price: Int) -> [Tensor] {
    let given = Set(results.map(\.id))
    let worth = varyingNodes(below: results).filter { node in
        if given.contains(node.id) { return false }
        if let product = node.operation as? any ProductOperation {
            return product.floatingPointOperations(operands: node.operands.map(\.shape), result: node.shape)
                >= price * node.count * node.elementType.byteCount
        }
        if node.operation is Reduce {
            return node.operands[0].count >= 65_536 && node.count <= node.operands[0].count / 256
        }
        return node.operation is PoolPlaces || (node.operation as? PoolChoice)?.isGather == true
    }
    let candidates = Set(worth.map(\.id))
    var read = Set<ObjectIdentifier>(), pending = derivatives
    while let node = pending.popLast() {
        guard read.insert(node.id).inserted, !candidates.contains(node.id) else { continue }
        pending += node.operands
    }
    return worth.filter { read.contains($0.id) }
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

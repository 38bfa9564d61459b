/// Every node that `outputs` depend on, operands before results. Iterative: graphs may be deep.
func topologicalOrder(of outputs: [Tensor]) -> [Tensor] {
    var order: [Tensor] = [], seen = Set<ObjectIdentifier>()
    var stack: [(node: Tensor, next: Int)] = []
    for output in outputs where seen.insert(output.id).inserted {
        stack.append((output, 0))
        while let (node, next) = stack.last {
            if next == node.operands.count {
                order.append(node)
                stack.removeLast()
            } else {
                stack[stack.count - 1].next += 1
                let operand = node.operands[next]
                if seen.insert(operand.id).inserted { stack.append((operand, 0)) }
            }
        }
    }
    return order
}

/// Rebuilds expressions in their simplest form, each once: equal expressions become one node.
///
/// `isConstant` expressions are folded to data, so what never changes is computed when the program is compiled.
struct ExpressionTable {
    private struct Key: Hashable {
        let operation: AnyHashable
        let operands: [ObjectIdentifier]
        let shape: Shape
        let type: ElementType
    }

    private var nodes: [Key: Tensor] = [:]
    private var canonical: [ObjectIdentifier: Tensor] = [:]
    private var retained: [Tensor] = []  // keeps identities alive, so that they stay unique
    private var constants = Set<ObjectIdentifier>()
    private let foldsConstants: Bool

    init(foldsConstants: Bool = true) { self.foldsConstants = foldsConstants }

    /// `tensor` stands for itself: a program's input.
    mutating func declareInput(_ tensor: Tensor, as placeholder: Tensor) {
        retained += [tensor, placeholder]
        canonical[tensor.id] = placeholder
        canonical[placeholder.id] = placeholder
    }

    /// The canonical form of an expression.
    mutating func canonicalize(_ root: Tensor) -> Tensor {
        if let known = canonical[root.id] { return known }
        // An explicit stack, since expressions may be deep.
        var stack = [root]
        while let node = stack.last {
            if canonical[node.id] != nil {
                stack.removeLast()
                continue
            }
            let missing = node.operands.filter { canonical[$0.id] == nil }
            if missing.isEmpty {
                let result = build(node)
                retained.append(node)
                canonical[node.id] = result
                stack.removeLast()
            } else {
                stack += missing
            }
        }
        return canonical[root.id]!
    }

    private mutating func build(_ node: Tensor) -> Tensor {
        let operands = node.operands.map { canonical[$0.id]! }
        let key = Key(
            operation: AnyHashable(node.operation), operands: operands.map(\.id), shape: node.shape,
            type: node.elementType)
        if let known = nodes[key] { return known }
        let rebuilt = Tensor(node.operation, operands, shape: node.shape, elementType: node.elementType)
        let result: Tensor
        if let simpler = simplified(rebuilt) {
            assert(
                simpler.shape == node.shape && simpler.elementType == node.elementType,
                "simplification of \(node.operation.name) changed \(node.shape) to \(simpler.shape)")
            retained.append(rebuilt)
            result = canonicalize(simpler)
        } else if foldsConstants, isFoldable(rebuilt) {
            result = Program(inputs: [], outputs: [rebuilt], folding: false)([])[0]
            constants.insert(result.id)
        } else {
            result = rebuilt
            let isLeafData = node.operation is Constant || node.operation is Fill
            if isLeafData || (!operands.isEmpty && operands.allSatisfy { constants.contains($0.id) }) {
                constants.insert(result.id)
            }
        }
        nodes[key] = result
        retained.append(result)
        canonical[result.id] = result
        return result
    }

    /// Views of constants stay views: copying them would only cost memory.
    private func isFoldable(_ node: Tensor) -> Bool {
        !node.operands.isEmpty && !(node.operation is any ViewOperation) && node.count <= 1 << 24
            && node.operands.allSatisfy { constants.contains($0.id) }
    }
}

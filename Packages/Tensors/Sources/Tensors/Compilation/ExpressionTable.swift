/// What makes two expressions the same: the operation, its operands' identities, and what they give.
struct ExpressionKey: Hashable, Sendable {
    let operation: any Operation
    let operands: [ObjectIdentifier]
    let shape: Shape
    let type: ElementType

    static func == (a: ExpressionKey, b: ExpressionKey) -> Bool {
        a.operands == b.operands && a.shape == b.shape && a.type == b.type && a.operation.isEqual(to: b.operation)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(operands)
        hasher.combine(shape)
        operation.hash(into: &hasher)
    }
}

/// Rebuilds expressions in their simplest form, each once: equal expressions become one node.
///
/// `isConstant` expressions are folded to data, so what never changes is computed when the program is compiled.
struct ExpressionTable {
    private var nodes: [ExpressionKey: Tensor] = [:]
    private var canonical: [ObjectIdentifier: Tensor] = [:]
    private var retained: [Tensor] = []  // keeps identities alive, so that they stay unique
    private var constants = Set<ObjectIdentifier>()
    /// Where computed constants are shared; nil leaves constant expressions as they are.
    private let compilation: Compilation?
    private let evaluate: (Tensor) -> Tensor

    init(_ compilation: Compilation?, evaluate: @escaping (Tensor) -> Tensor) {
        self.compilation = compilation
        self.evaluate = evaluate
    }

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
        let key = ExpressionKey(
            operation: node.operation, operands: operands.map(\.id), shape: node.shape,
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
        } else if let compilation, isFoldable(rebuilt) {
            result = compilation.folded(key) { evaluate(rebuilt) }
            constants.insert(result.id)
        } else if isConstant(rebuilt) {
            result = compilation?.unique(key, rebuilt) ?? rebuilt
            constants.insert(result.id)
        } else {
            result = rebuilt
        }
        nodes[key] = result
        retained.append(result)
        canonical[result.id] = result
        return result
    }

    private func isConstant(_ node: Tensor) -> Bool {
        node.operation is Constant || node.operation is Fill
            || (!node.operands.isEmpty && node.operands.allSatisfy { constants.contains($0.id) })
    }

    /// Views of constants stay views: copying them would only cost memory.
    private func isFoldable(_ node: Tensor) -> Bool {
        !node.operands.isEmpty && !(node.operation is any ViewOperation) && node.count <= 1 << 24
            && node.operands.allSatisfy { constants.contains($0.id) }
    }
}

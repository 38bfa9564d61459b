/// Derivatives as functions from graph to graph. The results are tensors like any other: derivatives of any order
/// follow.

/// The derivative of a scalar with respect to tensors in its graph (leaves or not); zeros where it does not depend on
/// one.
///
/// Reverse mode: visits only the nodes between `targets` and `value`.
public func gradient(
    of value: Tensor, withRespectTo targets: [Tensor], file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
    require(
        value.count == 1 && value.elementType.isFloatingPoint,
        "gradient: of shape \(value.shape) \(value.elementType), a floating-point scalar is needed", file: file,
        line: line)
    return pullback(
        of: [value], cotangents: [Tensor(repeating: 1, shape: value.shape, elementType: value.elementType)],
        withRespectTo: targets, file: file, line: line)
}

/// The same with the leaves of a tree: ∂f/∂(each leaf), in a tree of the same layout. `f` has one element.
public func gradient<Tree: TensorTree>(
    of value: Tensor, withRespectTo tree: Tree, file: StaticString = #fileID, line: UInt = #line
) -> Tree {
    tree.with(gradient(of: value, withRespectTo: tree.tensors, file: file, line: line))
}

extension Tensor {
    /// Whether this scalar has a derivative with respect to one of the tensors in its graph; where it has none, it is
    /// zero everywhere.
    public func hasDerivative(withRespectTo targets: [Tensor]) -> Bool {
        gradient(of: self, withRespectTo: targets).contains { $0.fillValue != 0 }
    }
}

/// Vector-Jacobian products: Σ over outputs of vᵀ · ∂output/∂target, for every target.
public func pullback(
    of outputs: [Tensor], cotangents: [Tensor], withRespectTo targets: [Tensor],
    file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
    requireSameTypes("pullback", outputs, "cotangents", cotangents, file: file, line: line)
    let order = topologicalOrder(of: outputs)
    let isTarget = Set(targets.map(\.id))
    var depends = Set<ObjectIdentifier>()
    for node in order where isTarget.contains(node.id) || node.operands.contains(where: { depends.contains($0.id) }) {
        if !(node.operation is StopGradient) || isTarget.contains(node.id) { depends.insert(node.id) }
    }
    var cotangent: [ObjectIdentifier: Tensor] = [:]
    func accumulate(_ value: Tensor, at node: Tensor) {
        cotangent[node.id] = cotangent[node.id].map { $0 + value } ?? value
    }
    for (output, value) in zip(outputs, cotangents) where depends.contains(output.id) { accumulate(value, at: output) }
    for node in order.reversed() where depends.contains(node.id) {
        guard let value = cotangent[node.id] else { continue }
        for (index, operand) in node.operands.enumerated() where depends.contains(operand.id) {
            if let part = node.operation.adjoint(of: node, operand: index, cotangent: value) {
                assert(
                    part.shape == operand.shape, "adjoint of \(node.operation.name): \(part.shape) for \(operand.shape)"
                )
                accumulate(part, at: operand)
            }
        }
    }
    return targets.map { cotangent[$0.id] ?? .zeros($0.shape, elementType: $0.elementType) }
}

/// The same for trees: vᵀ ∂(outputs)/∂(each leaf).
public func pullback<Output: TensorTree, Target: TensorTree>(
    of output: Output, cotangent: Output, withRespectTo target: Target,
    file: StaticString = #fileID, line: UInt = #line
) -> Target {
    target.with(
        pullback(
            of: output.tensors, cotangents: cotangent.tensors, withRespectTo: target.tensors, file: file, line: line))
}

/// Jacobian-vector products, forward mode: Σ over targets of ∂output/∂target · tangent, for every output.
///
/// The pullback is linear in its cotangent u, so its own pullback with respect to u is the push-forward (Townsend 2017,
/// "A new trick for calculating Jacobian vector products"). Everything that only computed the first pullback's value is
/// dead work, which programs leave out.
public func pushforward(
    of outputs: [Tensor], tangents: [Tensor], withRespectTo targets: [Tensor],
    file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
    requireSameTypes("pushforward", targets, "tangents", tangents, file: file, line: line)
    let u = outputs.map { $0.placeholder("u") }
    let pulled = pullback(of: outputs, cotangents: u, withRespectTo: targets)
    return pullback(of: pulled, cotangents: tangents, withRespectTo: u)
}

/// The same for trees: ∂(outputs)/∂(leaves) · v.
public func pushforward<Output: TensorTree, Target: TensorTree>(
    of output: Output, tangent: Target, withRespectTo target: Target,
    file: StaticString = #fileID, line: UInt = #line
) -> Output {
    output.with(
        pushforward(
            of: output.tensors, tangents: tangent.tensors, withRespectTo: target.tensors, file: file, line: line))
}

/// ∇²value · vector with respect to `tree`, without forming the Hessian (Pearlmutter 1994).
public func hessianVectorProduct<Tree: TensorTree>(
    of value: Tensor, withRespectTo tree: Tree, vector: Tree, file: StaticString = #fileID, line: UInt = #line
) -> Tree {
    let slope = gradient(of: value, withRespectTo: tree, file: file, line: line)
    return pullback(of: slope, cotangent: vector, withRespectTo: tree, file: file, line: line)
}

private func requireSameTypes(
    _ operation: String, _ values: [Tensor], _ role: String, _ directions: [Tensor], file: StaticString, line: UInt
) {
    func types(_ tensors: [Tensor]) -> String {
        tensors.map { "\($0.shape) \($0.elementType)" }.joined(separator: ", ")
    }
    require(
        values.map(\.shape) == directions.map(\.shape) && values.map(\.elementType) == directions.map(\.elementType),
        "\(operation): of \(types(values)) with \(role) \(types(directions))", file: file, line: line)
}

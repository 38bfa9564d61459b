/// Multiplies chains of matrices in the cheapest order: X·W₁·W₂ with a narrow W₂ as X·(W₁·W₂), in values and in
/// derivatives.
///
/// Every matrix that something other than a product needs is written as a sum of products (`LinearForm`) of matrices
/// that are needed anyway, common factors are taken out, and each chain is ordered by dynamic programming (Cormen et
/// al., 15.2). The result is kept only if the whole program then has fewer floating-point operations.
func reassociated(_ outputs: [Tensor], in table: inout ExpressionTable) -> [Tensor] {
    let order = topologicalOrder(of: outputs)
    guard order.contains(where: { $0.operation is MatrixProduct }) else { return outputs }
    var written = LinearForms(isAtomic: { _ in false })
    let linear = order.filter { written.form(of: $0) != nil }
    let needed = neededNodes(order, outputs: outputs, forms: &written)

    var forms = LinearForms(isAtomic: { needed.contains($0.id) }), formOf: [ObjectIdentifier: LinearForm] = [:]
    for node in linear {  // operands first, whether needed or not
        if let form = forms.form(of: node), needed.contains(node.id) { formOf[node.id] = form }
    }
    var replacement: [ObjectIdentifier: Tensor] = [:]
    for node in order {
        if let form = formOf[node.id] {
            let product = form.replacingFactors { replacement[$0.id] ?? $0 }.product.reshaped(to: node.shape)
            replacement[node.id] = table.canonicalize(product)
        } else if !node.operands.isEmpty {
            let operands = node.operands.map { replacement[$0.id] ?? $0 }
            if zip(operands, node.operands).contains(where: { $0.id != $1.id }) {
                replacement[node.id] = table.canonicalize(
                    Tensor(node.operation, operands, shape: node.shape, elementType: node.elementType))
            }
        }
    }
    let cheaper = outputs.map { replacement[$0.id] ?? $0 }
    return totalCost(of: cheaper) < totalCost(of: outputs) ? cheaper : outputs
}

/// The nodes whose values must exist, when linear nodes exist only for the sake of others.
private func neededNodes(
    _ order: [Tensor], outputs: [Tensor], forms: inout LinearForms
) -> Set<ObjectIdentifier> {
    var needed = Set(outputs.map(\.id))
    for node in order.reversed() where needed.contains(node.id) {
        if let form = forms.form(of: node) {
            for term in form.terms {
                for case let tensor? in term.factors.map(\.tensor) {
                    // A vector's factor is a reshape made for the form: what it reshapes is what is needed.
                    needed.insert(tensor.id)
                    if tensor.operation is Reshape { needed.insert(tensor.operands[0].id) }
                }
            }
        } else {
            for operand in node.operands { needed.insert(operand.id) }
        }
    }
    return needed
}

/// Floating-point operations of everything that `outputs` need.
private func totalCost(of outputs: [Tensor]) -> Int {
    topologicalOrder(of: outputs).reduce(0) { $0 + $1.floatingPointOperations }
}

extension Tensor {
    /// Of this node alone.
    var floatingPointOperations: Int {
        switch operation {
        case let kernel as any KernelOperation:
            kernel.floatingPointOperations(operands: operands.map(\.shape), result: shape)
        case is Elementwise: count
        default: 0
        }
    }
}

extension LinearForm {
    func replacingFactors(_ replace: (Tensor) -> Tensor) -> LinearForm {
        LinearForm(
            terms: terms.map { term in
                Term(
                    scale: term.scale,
                    factors: term.factors.map { factor in
                        guard let tensor = factor.tensor else { return factor }
                        var source = replace(tensor)
                        // A reshape made for a vector: what it reshapes may have moved.
                        if source.id == tensor.id, tensor.operation is Reshape {
                            source = replace(tensor.operands[0]).reshaped(to: tensor.shape)
                        }
                        let replaced = Factor(source)
                        return factor.isTransposed ? replaced.transposed : replaced
                    })
            })
    }

    /// The sum of products as an expression, multiplied in the cheapest order.
    var product: Tensor {
        if terms.count == 1 { return terms[0].product }
        // Terms that start or end with the same product share it: L·R₁ + L·R₂ = L·(R₁ + R₂).
        let splits = terms.map { $0.factors.count > 1 ? $0.bestSplit : 0 }
        var parts: [Tensor] = [], used = Set<Int>()
        for side in [Side.left, .right] {
            for (i, term) in terms.enumerated() where splits[i] > 0 && !used.contains(i) {
                let shared = side.of(term.factors, splits[i])
                let group = terms.indices.filter {
                    !used.contains($0) && splits[$0] > 0
                        && Array(side.of(terms[$0].factors, splits[$0])) == Array(shared)
                }
                guard group.count > 1 else { continue }
                used.formUnion(group)
                let common = Term(scale: 1, factors: Array(shared))
                let rest = LinearForm(
                    terms: group.map {
                        Term(scale: terms[$0].scale, factors: Array(side.other.of(terms[$0].factors, splits[$0])))
                    })
                parts.append(
                    side == .left
                        ? multiply(common.operand, common, rest.summed) : multiply(rest.summed, common, common.operand))
            }
        }
        for (i, term) in terms.enumerated() where !used.contains(i) { parts.append(term.product) }
        return parts.dropFirst().reduce(parts[0], +)
    }

    private enum Side {
        case left, right
        var other: Side { self == .left ? .right : .left }
        func of(_ factors: [Factor], _ split: Int) -> ArraySlice<Factor> {
            self == .left ? factors[..<split] : factors[split...]
        }
    }

    private var summed: Operand { Operand(.value(product, isTransposed: false)) }

    private func multiply(_ a: Operand, _ common: Term, _ b: Operand) -> Tensor { a.times(b) }
}

extension LinearForm.Term {
    var product: Tensor {
        let value = operand.tensor
        return scale == 1 ? value : scale == -1 ? -value : value * scale
    }

    /// The product of the factors, without the scale, in the cheapest order.
    var operand: LinearForm.Operand {
        let splits = bestSplits
        func product(_ i: Int, _ j: Int) -> LinearForm.Operand {
            if i == j { return LinearForm.Operand(factors[i]) }
            let split = splits[i][j]
            return LinearForm.Operand(.value(product(i, split - 1).times(product(split, j)), isTransposed: false))
        }
        return product(0, factors.count - 1)
    }

    /// Where the last multiplication of the cheapest order stands: factors[..<split] · factors[split...].
    var bestSplit: Int { bestSplits[0][factors.count - 1] }

    /// The same for each run of factors i ... j.
    private var bestSplits: [[Int]] {
        let n = factors.count
        let extents = [factors[0].rows] + factors.map(\.columns)
        var cost = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
        var split = [[Int]](repeating: [Int](repeating: 0, count: n), count: n)
        for length in 1..<max(n, 2) where length < n {
            for i in 0..<(n - length) {
                let j = i + length
                cost[i][j] = .infinity
                for s in i..<j {
                    let total =
                        cost[i][s] + cost[s + 1][j] + 2 * Double(extents[i]) * Double(extents[s + 1])
                        * Double(extents[j + 1])
                    if total < cost[i][j] { (cost[i][j], split[i][j]) = (total, s + 1) }
                }
            }
        }
        return split
    }
}

extension LinearForm {
    /// One side of a multiplication.
    struct Operand {
        enum Kind { case value(Tensor, isTransposed: Bool), ones(Int, ElementType, isTransposed: Bool) }
        let kind: Kind

        init(_ kind: Kind) { self.kind = kind }

        init(_ factor: Factor) {
            switch factor.kind {
            case .ones(let count, let type): kind = .ones(count, type, isTransposed: factor.isTransposed)
            case .matrix: kind = .value(factor.tensor!, isTransposed: factor.isTransposed)
            }
        }

        var tensor: Tensor {
            switch kind {
            case .value(let tensor, let isTransposed): isTransposed ? tensor.transposed : tensor
            case .ones(let count, let type, let isTransposed):
                .ones(isTransposed ? [1, count] : [count, 1], elementType: type)
            }
        }

        func times(_ other: Operand) -> Tensor {
            switch (kind, other.kind) {
            case (.ones(let count, _, isTransposed: false), _):  // repeats a row
                let row = other.tensor
                return row.broadcast(to: [count, row.shape[1]])
            case (_, .ones(let count, _, isTransposed: true)):  // repeats a column
                let column = tensor
                return column.broadcast(to: [column.shape[0], count])
            case (.ones(_, _, isTransposed: true), .value(let b, let isTransposed)):
                return b.sum(axes: [isTransposed ? 1 : 0]).expandingAxis(0)
            case (.value(let a, let isTransposed), .ones(_, _, isTransposed: false)):
                return a.sum(axes: [isTransposed ? 0 : 1]).expandingAxis(1)
            case (.ones(_, _, isTransposed: true), .ones(let count, let type, isTransposed: false)):
                return Tensor(repeating: Double(count), shape: [1, 1], elementType: type)
            case (.value(let a, let transposeA), .value(let b, let transposeB)):
                return a.product(b, transposingSelf: transposeA, transposingOther: transposeB)
            }
        }
    }
}

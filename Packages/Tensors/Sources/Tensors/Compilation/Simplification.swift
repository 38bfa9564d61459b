import Foundation

/// A simpler expression with the same value, or nil when none of the rules applies. Operands are in canonical form.
///
/// The rules are exact up to rounding, except that 0 · x is taken as 0 for every x: derivatives are full of such terms.
func simplified(_ node: Tensor) -> Tensor? {
    switch node.operation {
    case let operation as Elementwise: simplifiedElementwise(operation.function, node)
    case let operation as Reduce where operation.function == .sum: simplifiedSum(operation, node)
    case let operation as Reshape: simplifiedReshape(operation, node)
    case let operation as Permute: simplifiedPermute(operation, node)
    case is Broadcast: simplifiedBroadcast(node)
    case is Slice:
        node.operands[0].fillValue.map { Tensor(repeating: $0, shape: node.shape, elementType: node.elementType) }
    case is Pad where node.operands[0].fillValue == 0: Tensor.zeros(node.shape, elementType: node.elementType)
    case let operation as MatrixProduct: simplifiedProduct(operation, node)
    case is PickColumns: simplifiedPick(node)
    case is StopGradient: node.operands[0]
    case is Convert: simplifiedConvert(node)
    default: nil
    }
}

private func simplifiedElementwise(_ function: Elementwise.Function, _ node: Tensor) -> Tensor? {
    let x = node.operands[0], fills = node.operands.map(\.fillValue)
    func fill(_ value: Double) -> Tensor { Tensor(repeating: value, shape: node.shape, elementType: node.elementType) }

    if fills.allSatisfy({ $0 != nil }), let value = folded(function, fills.map { $0! }) { return fill(value) }

    switch function {
    case .negate:
        if let inner = operands(of: x, .negate) { return inner[0] }
        if let inner = operands(of: x, .subtract) { return inner[1] - inner[0] }
    case .add:
        let y = node.operands[1]
        if fills[0] == 0 { return y }
        if fills[1] == 0 { return x }
        if let inner = operands(of: y, .negate) { return x - inner[0] }
        if let inner = operands(of: x, .negate) { return y - inner[0] }
        if x.id == y.id { return x * 2 }
    case .subtract:
        let y = node.operands[1]
        if fills[0] == 0 { return -y }
        if fills[1] == 0 { return x }
        if let inner = operands(of: y, .negate) { return x + inner[0] }
    case .multiply:
        let y = node.operands[1]
        if fills[0] == 0 || fills[1] == 0 { return fill(0) }
        if fills[0] == 1 { return y }
        if fills[1] == 1 { return x }
        if fills[0] == -1 { return -y }
        if fills[1] == -1 { return -x }
        if fills[0] != nil { return y * x }  // numbers stand right
        if let inner = operands(of: x, .negate) { return fills[1].map { inner[0] * -$0 } ?? -(inner[0] * y) }
        if let inner = operands(of: y, .negate) { return -(x * inner[0]) }
        if let inner = operands(of: x, .multiply), let number = inner[1].fillValue {
            return fills[1].map { inner[0] * (number * $0) } ?? inner[0] * y * number
        }
        if fills[1] == nil {
            if let inner = operands(of: y, .multiply), let number = inner[1].fillValue { return x * inner[0] * number }
            if let inner = operands(of: x, .divide), let number = inner[1].fillValue { return inner[0] * y / number }
            if let inner = operands(of: y, .divide), let number = inner[1].fillValue { return x * inner[0] / number }
        }
    case .divide:
        if let inverse = fills[1].flatMap(exactInverse) { return x * inverse }
        if let number = fills[1], let inner = operands(of: x, .negate) { return inner[0] / -number }
        if fills[0] == 1 { return node.operands[1].reciprocal() }
    case .power:
        switch fills[1] {
        case 0: return fill(1)
        case 0.5: return x.sqrt()
        case 1: return x
        case 2: return x * x
        case 3: return x * x * x
        case 4: return (x * x) * (x * x)
        case -1: return x.reciprocal()
        default: break
        }
    case .step:
        if operands(of: x, .step) != nil { return x }
    case .select:
        if let condition = fills[0] { return node.operands[condition != 0 ? 1 : 2] }
        // An operand's cotangent, where it is not 0: signs and numbers stand outside, as in products.
        if fills[2] == 0 {
            let mask = x, y = node.operands[1]
            if fills[1] == 0 { return fill(0) }
            if let value = fills[1], value.isFinite, isMask(mask) { return mask * value }
            if let inner = operands(of: y, .negate) { return -select(mask, inner[0], fill(0)) }
            if let inner = operands(of: y, .multiply), let number = inner[1].fillValue, number.isFinite {
                return select(mask, inner[0], fill(0)) * number
            }
            if let inner = operands(of: y, .divide), let number = inner[1].fillValue, number != 0 {
                return select(mask, inner[0], fill(0)) / number
            }
        }
    default: break
    }
    return narrowed(function, node)
}

/// An operation whose operands all repeat tensors of one smaller shape is computed on the smaller shape.
private func narrowed(_ function: Elementwise.Function, _ node: Tensor) -> Tensor? {
    var small: Shape?
    for operand in node.operands where operand.fillValue == nil {
        guard operand.operation is Broadcast, small == nil || small == operand.operands[0].shape else { return nil }
        small = operand.operands[0].shape
    }
    guard let small else { return nil }
    let operands = node.operands.map { operand in
        operand.fillValue.map { Tensor(repeating: $0, shape: small, elementType: operand.elementType) }
            ?? operand.operands[0]
    }
    return Tensor(elementwise: function, operands).broadcast(to: node.shape)
}

/// 1 / `number` where it is a power of two, by which multiplying is dividing, in float32 too.
private func exactInverse(_ number: Double) -> Double? {
    number.significand == 1 && abs(number.exponent) <= 126 ? 1 / number : nil
}

/// Whether the elements are 0 or 1.
private func isMask(_ node: Tensor) -> Bool {
    switch (node.operation as? Elementwise)?.function {
    case .step, .less, .lessOrEqual, .equal: true
    default: false
    }
}

private func operands(of node: Tensor, _ function: Elementwise.Function) -> [Tensor]? {
    (node.operation as? Elementwise)?.function == function ? node.operands : nil
}

/// The value of a function of numbers; nil for those that kernels round differently per type.
private func folded(_ function: Elementwise.Function, _ x: [Double]) -> Double? {
    switch function {
    case .negate: -x[0]
    case .absolute: abs(x[0])
    case .sign: x[0] > 0 ? 1 : x[0] < 0 ? -1 : 0
    case .sqrt: x[0].squareRoot()
    case .reciprocal: 1 / x[0]
    case .exp: exp(x[0])
    case .log: log(x[0])
    case .relu: x[0] < 0 ? 0 : x[0]
    case .step: x[0] > 0 ? 1 : 0
    case .add: x[0] + x[1]
    case .subtract: x[0] - x[1]
    case .multiply: x[0] * x[1]
    case .divide: x[0] / x[1]
    case .power: pow(x[0], x[1])
    case .maximum: x[1] <= x[0] || x[0].isNaN ? x[0] : x[1]
    case .minimum: x[0] <= x[1] || x[0].isNaN ? x[0] : x[1]
    case .less: x[0] < x[1] ? 1 : 0
    case .lessOrEqual: x[0] <= x[1] ? 1 : 0
    case .equal: x[0] == x[1] ? 1 : 0
    case .select: x[0] != 0 ? x[1] : x[2]
    case .sin, .cos, .tanh, .sigmoid, .softplus, .erf, .log1p, .expm1: nil
    }
}

/// Takes out of a sum what does not vary along it: numbers, signs and repeated factors.
private func simplifiedSum(_ operation: Reduce, _ node: Tensor) -> Tensor? {
    let x = node.operands[0]
    let axes = Array(operation.axes)
    let count = Double(operation.axes.reduce(1) { $0 * x.shape[$1] })
    func sum(_ y: Tensor) -> Tensor { y.sum(axes: axes) }
    func fill(_ value: Double) -> Tensor { Tensor(repeating: value, shape: node.shape, elementType: node.elementType) }
    if count == 0 { return fill(0) }
    if let value = x.fillValue { return fill(value * count) }
    if count == 1 { return x.reshaped(to: node.shape) }
    if let inner = operands(of: x, .negate) { return -sum(inner[0]) }
    if let inner = operands(of: x, .divide), let number = inner[1].fillValue { return sum(inner[0]) / number }
    if axes == [1], x.operation is PlaceColumns { return x.operands[0] }  // one of each row, beside zeros
    if let rest = constantAlong(axes, x) { return rest.reshaped(to: node.shape) * count }
    if operands(of: x, .multiply) != nil {
        // Of all factors, those that do not vary along the axes come out. Shared factors count as often as they are
        // multiplied, x²ⁿ is 2ⁿ of them: where there are many, the product stays as it is.
        var factors: [Tensor] = [], outside: [Tensor] = [], pending = [x]
        while let factor = pending.popLast() {
            if factors.count + outside.count + pending.count >= 64 { return nil }
            if let inner = operands(of: factor, .multiply) {
                pending += inner
            } else if let value = factor.fillValue {
                outside.append(fill(value))
            } else if let rest = constantAlong(axes, factor) {
                outside.append(rest.reshaped(to: node.shape))
            } else {
                factors.append(factor)
            }
        }
        if outside.isEmpty { return nil }
        let inside = factors.isEmpty ? fill(count) : sum(factors.dropFirst().reduce(factors[0], *))
        return outside.reduce(inside, *)
    }
    return nil
}

/// If `x` repeats itself along `axes`: the tensor with extent 1 there.
private func constantAlong(_ axes: [Int], _ x: Tensor) -> Tensor? {
    guard x.operation is Broadcast else { return nil }
    let small = x.operands[0]
    guard axes.allSatisfy({ small.shape[$0] == 1 }) else { return nil }
    return small.broadcast(to: Shape(x.shape.extents.indices.map { axes.contains($0) ? 1 : x.shape[$0] }))
}

private func simplifiedReshape(_ operation: Reshape, _ node: Tensor) -> Tensor? {
    let x = node.operands[0]
    if x.shape == node.shape { return x }
    if let value = x.fillValue { return Tensor(repeating: value, shape: node.shape, elementType: node.elementType) }
    if x.operation is Reshape { return x.operands[0].reshaped(to: node.shape) }
    return nil
}

private func simplifiedPermute(_ operation: Permute, _ node: Tensor) -> Tensor? {
    let x = node.operands[0]
    if let value = x.fillValue { return Tensor(repeating: value, shape: node.shape, elementType: node.elementType) }
    if let inner = x.operation as? Permute {
        return x.operands[0].permuted(operation.permutation.map { inner.permutation[$0] })
    }
    if operation.isMatrixTranspose, let product = x.operation as? MatrixProduct {  // (A B)ᵀ = Bᵀ Aᵀ
        return x.operands[1].product(
            x.operands[0], transposingSelf: !product.transposeB, transposingOther: !product.transposeA)
    }
    return nil
}

private func simplifiedBroadcast(_ node: Tensor) -> Tensor? {
    let x = node.operands[0]
    if let value = x.fillValue { return Tensor(repeating: value, shape: node.shape, elementType: node.elementType) }
    if x.operation is Broadcast { return x.operands[0].broadcast(to: node.shape) }
    return nil
}

private func simplifiedConvert(_ node: Tensor) -> Tensor? {
    let x = node.operands[0]
    // A float32 number is what float32 can hold of it.
    return x.fillValue.map {
        Tensor(
            repeating: x.elementType == .float32 ? Double(Float($0)) : $0, shape: node.shape,
            elementType: node.elementType)
    }
}

/// What was placed in a table's columns is picked from them.
private func simplifiedPick(_ node: Tensor) -> Tensor? {
    let table = node.operands[0]
    return table.operation is PlaceColumns && table.operands[1].id == node.operands[1].id ? table.operands[0] : nil
}

private func simplifiedProduct(_ operation: MatrixProduct, _ node: Tensor) -> Tensor? {
    let a = node.operands[0], b = node.operands[1]
    if a.fillValue == 0 || b.fillValue == 0 { return .zeros(node.shape, elementType: node.elementType) }
    func isTransposed(_ x: Tensor) -> Bool { (x.operation as? Permute)?.isMatrixTranspose == true }
    guard isTransposed(a) || isTransposed(b) else { return nil }
    return (isTransposed(a) ? a.operands[0] : a).product(
        isTransposed(b) ? b.operands[0] : b,
        transposingSelf: operation.transposeA != isTransposed(a),
        transposingOther: operation.transposeB != isTransposed(b))
}

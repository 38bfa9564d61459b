import Tensors

/// Every public operation on tensors, by the name of its Swift function.
///
/// A new operation of the library gets a case here, a line in `applied`, one in each generator
/// (`RandomGraph+Proposals.swift`, `Tools/differential.d/proposals.py`) and one in PyTorch's words
/// (`Tools/differential.d/operations.py`).
package enum GraphOperation: String, Codable, CaseIterable, Sendable {
    case negate, exp, log, log1p, expm1, sqrt, reciprocal, sin, cos, tanh, sigmoid, softplus, erf, relu, gelu, abs,
        sign, step, squared, isFinite
    case add, subtract, multiply, divide, power, maximum, minimum
    case less, lessOrEqual, greater, greaterOrEqual, equal
    case clamp, select
    case sum, mean, max, min, argmax, squaredNorm, norm, dot
    case logSumExp, logSoftmax, softmax, crossEntropy
    case gatheredRows, scatteredAddingRows, pickedColumns, oneHot
    case product, convolved, maxPooled, averagePooled, adaptiveAveragePooled, globalAveragePooled
    case reshaped, permuted, transposed, broadcast, expandingAxis, sliced, padded, concatenated, stacked
    case converted, stopGradient, simplexThreshold
}

/// What a line of JSON lacks.
package struct GraphError: Error, CustomStringConvertible {
    package let description: String
}

extension GraphApplication {
    /// The operation applied to operands.
    package func applied(to x: [Tensor], type graphType: ElementType) throws -> Tensor {
        guard let a = x.first else { throw GraphError(description: "\(operation): no operands") }
        switch operation {
        case .negate: return -a
        case .exp: return a.exp()
        case .log: return a.log()
        case .log1p: return a.log1p()
        case .expm1: return a.expm1()
        case .sqrt: return a.sqrt()
        case .reciprocal: return a.reciprocal()
        case .sin: return a.sin()
        case .cos: return a.cos()
        case .tanh: return a.tanh()
        case .sigmoid: return a.sigmoid()
        case .softplus: return a.softplus()
        case .erf: return a.erf()
        case .relu: return a.relu()
        case .gelu: return a.gelu()
        case .abs: return a.abs()
        case .sign: return a.sign()
        case .step: return a.step()
        case .squared: return a.squared()
        case .isFinite: return a.isFinite()
        case .add: return try binary(x, +, +, +)
        case .subtract: return try binary(x, -, -, -)
        case .multiply: return try binary(x, *, *, *)
        case .divide: return try binary(x, /, /, /)
        case .power: return try binary(x, { $0.power($1) }, { $0.power($1) })
        case .maximum: return try binary(x, { $0.maximum($1) }, { $0.maximum($1) })
        case .minimum: return try binary(x, { $0.minimum($1) }, { $0.minimum($1) })
        case .less: return try binary(x, { $0.less($1) }, { $0.less($1) })
        case .lessOrEqual: return try binary(x, { $0.lessOrEqual($1) }, { $0.lessOrEqual($1) })
        case .greater: return a.greater(try second(x))
        case .greaterOrEqual: return a.greaterOrEqual(try second(x))
        case .equal: return try binary(x, { $0.equal($1) }, { $0.equal($1) })
        case .clamp:
            let bounds = try given(numbers, "numbers")
            return a.clamp(bounds[0], bounds[1])
        case .select: return Tensors.select(a, try second(x), try third(x))
        case .sum: return a.sum(axes: axes, keepingAxes: keepingAxes ?? false)
        case .mean: return a.mean(axes: axes, keepingAxes: keepingAxes ?? false)
        case .max: return a.max(axes: axes, keepingAxes: keepingAxes ?? false)
        case .min: return a.min(axes: axes, keepingAxes: keepingAxes ?? false)
        case .argmax: return a.argmax(axis: axis ?? -1)
        case .squaredNorm: return a.squaredNorm()
        case .norm: return a.norm()
        case .dot: return a.dot(try second(x))
        case .logSumExp: return a.logSumExp(axes: axes, keepingAxes: keepingAxes ?? false)
        case .logSoftmax: return a.logSoftmax()
        case .softmax: return a.softmax()
        case .crossEntropy: return a.crossEntropy(labels: try second(x))
        case .gatheredRows: return a.gatheredRows(at: try second(x))
        case .scatteredAddingRows: return a.scatteredAddingRows(at: try second(x), count: try given(count, "count"))
        case .pickedColumns: return a.pickedColumns(at: try second(x))
        case .oneHot: return a.oneHot(classes: try given(count, "count"), elementType: graphType)
        case .product:
            let transposing = transposing ?? [false, false]
            return a.product(try second(x), transposingSelf: transposing[0], transposingOther: transposing[1])
        case .convolved: return a.convolved(with: try second(x), stride: stride ?? 1, padding: padding ?? 0)
        case .maxPooled: return a.maxPooled(size: try given(size, "size"), stride: stride, padding: padding ?? 0)
        case .averagePooled: return a.averagePooled(size: try given(size, "size"))
        case .adaptiveAveragePooled:
            let shape = try given(shape, "shape")
            return a.adaptiveAveragePooled(rows: shape[0], columns: shape[1])
        case .globalAveragePooled: return a.globalAveragePooled()
        case .reshaped: return a.reshaped(to: Shape(try given(shape, "shape")))
        case .permuted: return a.permuted(try given(axes, "axes"))
        case .transposed: return a.transposed
        case .broadcast: return a.broadcast(to: Shape(try given(shape, "shape")))
        case .expandingAxis: return a.expandingAxis(try given(axis, "axis"))
        case .sliced: return a.sliced(from: try given(starts, "starts"), extents: try given(extents, "extents"))
        case .padded: return a.padded(before: try given(before, "before"), after: try given(after, "after"))
        case .concatenated: return Tensor(concatenating: x, axis: axis ?? 0)
        case .stacked: return x.stacked(axis: axis ?? 0)
        case .converted: return a.converted(to: try given(type, "type"))
        case .stopGradient: return a.stopGradient()
        case .simplexThreshold: return a.simplexThreshold(total: try given(number, "number"))
        }
    }

    /// The form with two tensors, with a number second, or with a number first.
    private func binary(
        _ x: [Tensor], _ tensors: (Tensor, Tensor) -> Tensor, _ numberSecond: (Tensor, Double) -> Tensor,
        _ numberFirst: ((Double, Tensor) -> Tensor)? = nil
    ) throws -> Tensor {
        guard let number else { return tensors(x[0], try second(x)) }
        guard self.numberFirst == true else { return numberSecond(x[0], number) }
        return try given(numberFirst, "form with a number first")(number, x[0])
    }

    private func second(_ x: [Tensor]) throws -> Tensor { try operand(1, x) }
    private func third(_ x: [Tensor]) throws -> Tensor { try operand(2, x) }

    private func operand(_ index: Int, _ x: [Tensor]) throws -> Tensor {
        guard index < x.count else {
            throw GraphError(description: "\(operation): \(x.count) operands, more are needed")
        }
        return x[index]
    }

    private func given<Value>(_ value: Value?, _ name: String) throws -> Value {
        guard let value else { throw GraphError(description: "\(operation): no \(name)") }
        return value
    }
}

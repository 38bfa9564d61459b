import CTensorKernels

/// Reduces a run of neighbouring axes. The operand is seen as [outer, reduced, inner], the result as [outer, inner].
struct Reduce: KernelOperation {
    enum Function: Int32, Sendable { case sum, maximum }
    let function: Function
    let axes: Range<Int>
    var name: String { "\(function)(\(axes.lowerBound)..<\(axes.upperBound))" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        let x = y.operands[0]
        func restored(_ reduced: Tensor) -> Tensor {
            reduced.reshaped(to: keepingAxes(of: x.shape)).broadcast(to: x.shape)
        }
        switch function {
        case .sum: return restored(v)
        case .maximum:  // elements that tie share the cotangent equally
            let mask = x.equal(restored(y)).stopGradient()
            return restored(v) * mask / restored(mask.sum(axes: Array(axes)))
        }
    }

    private func keepingAxes(of shape: Shape) -> Shape {
        Shape(shape.extents.indices.map { axes.contains($0) ? 1 : shape[$0] })
    }

    func kernel(operands: [View], result: View) -> Kernel {
        let operand = operands[0], extents = operand.shape.extents
        let outer = extents[..<axes.lowerBound].reduce(1, *), reduced = extents[axes].reduce(1, *)
        let inner = extents[axes.upperBound...].reduce(1, *)
        let code = function.rawValue, isDouble = operand.elementType == .float64
        // Pieces are fixed by the shape, so the bits do not depend on the number of threads.
        // Short rows cost more an element than long ones.
        let split = Split(count: outer, costPerItem: (reduced < 32 && inner == 1 ? 3 : 1) * reduced * inner)
        return { memory in
            let x = memory.addresses[operand.slot] + operand.byteOffset,
                y = memory.addresses[result.slot] + result.byteOffset
            split.run(on: memory.pool) { range in
                if isDouble {
                    tensor_reduce_f64(
                        code, Int64(range.lowerBound), Int64(range.upperBound), Int64(reduced), Int64(inner),
                        x.assumingMemoryBound(to: Double.self), y.assumingMemoryBound(to: Double.self))
                } else {
                    tensor_reduce_f32(
                        code, Int64(range.lowerBound), Int64(range.upperBound), Int64(reduced), Int64(inner),
                        x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self))
                }
            }
        }
    }
}

/// The index of the largest element along the last axis; the first of equals. No derivative.
struct Argmax: KernelOperation {
    var name: String { "argmax" }

    func kernel(operands: [View], result: View) -> Kernel {
        func search<T: BinaryFloatingPoint & Sendable>(_: T.Type) -> Kernel {
            let operand = operands[0], width = operand.shape[-1], rows = result.shape.count
            return { memory in
                let x = memory.pointer(operand, as: T.self), y = memory.pointer(result, as: Int32.self)
                for row in 0..<rows {
                    var best = 0
                    for j in 1..<Swift.max(width, 1) where x[row * width + j] > x[row * width + best] { best = j }
                    y[row] = Int32(best)
                }
            }
        }
        return operands[0].elementType == .float64 ? search(Double.self) : search(Float.self)
    }
}

extension Tensor {
    private func reduced(_ function: Reduce.Function, axes: [Int]?, keepingAxes: Bool) -> Tensor {
        precondition(elementType.isFloatingPoint, "\(function): needs a floating-point type, not \(elementType)")
        let axes = axes.map { shape.normalized(axes: $0, for: "\(function)") } ?? Array(0..<rank)
        var result = self
        var remaining = axes
        while let last = remaining.popLast() {  // one operation for each run of neighbouring axes, last run first
            var first = last
            while remaining.last == first - 1 { first = remaining.removeLast() }
            var extents = result.shape.extents
            extents.removeSubrange(first...last)
            result = Tensor(
                Reduce(function: function, axes: first..<(last + 1)), [result], shape: Shape(extents),
                elementType: elementType)
        }
        return keepingAxes
            ? result.reshaped(to: Shape(shape.extents.indices.map { axes.contains($0) ? 1 : shape[$0] })) : result
    }

    /// The sum over `axes`, or over all.
    public func sum(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
        reduced(.sum, axes: axes, keepingAxes: keepingAxes)
    }

    public func mean(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
        let sum = self.sum(axes: axes, keepingAxes: keepingAxes)
        return sum * (Double(sum.count) / Double(Swift.max(count, 1)))
    }

    /// The largest element over `axes`, or over all. Elements that tie share the derivative.
    public func max(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
        reduced(.maximum, axes: axes, keepingAxes: keepingAxes)
    }

    public func min(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
        -((-self).max(axes: axes, keepingAxes: keepingAxes))
    }

    /// Int32 indices of the largest elements along `axis`; the first of equals.
    public func argmax(axis: Int = -1) -> Tensor {
        let axis = shape.normalized(axes: [axis], for: "argmax")[0]
        let last = permuted((0..<rank).filter { $0 != axis } + [axis])
        return Tensor(Argmax(), [last], shape: Shape(last.shape.extents.dropLast()), elementType: .int32)
    }

    /// Σ x², over all elements.
    public func squaredNorm() -> Tensor { squared().sum() }

    /// The Euclidean norm of all elements; its derivative at 0 is not finite.
    public func norm() -> Tensor { squaredNorm().sqrt() }

    /// Σ x y, over all elements.
    public func dot(_ other: Tensor) -> Tensor {
        precondition(shape == other.shape, "dot: shapes \(shape) and \(other.shape)")
        return (self * other).sum()
    }
}

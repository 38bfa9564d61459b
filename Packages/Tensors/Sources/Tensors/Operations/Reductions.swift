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
            return restored(v / mask.sum(axes: Array(axes))).where(mask)
        }
    }

    private func keepingAxes(of shape: Shape) -> Shape {
        Shape(shape.extents.indices.map { axes.contains($0) ? 1 : shape[$0] })
    }

    /// Of a sum of many rows of numbers that lie side by side: how many parts it is cut into. 1 where it is not.
    private func partCount(_ operand: Shape) -> Int {
        let outer = operand.extents[..<axes.lowerBound].reduce(1, *), reduced = operand.extents[axes].reduce(1, *)
        let inner = operand.extents[axes.upperBound...].reduce(1, *)
        guard function == .sum, outer == 1, 2...4096 ~= inner, reduced > 128 else { return 1 }
        let rows = Int(tensor_sum_part_rows(Int64(reduced)))
        return (reduced + rows - 1) / rows
    }

    func scratchByteCount(operands: [Shape], result: Shape, elementType: ElementType) -> Int {
        let parts = partCount(operands[0])
        return parts > 1 ? parts * result.count * elementType.byteCount : 0
    }

    func kernel(operands: [View], result: View, scratch: View?) -> Kernel {
        if let scratch { return kernel(inParts: partCount(operands[0].shape), operands[0], result, scratch) }
        let operand = operands[0], extents = operand.shape.extents
        let outer = extents[..<axes.lowerBound].reduce(1, *), reduced = extents[axes].reduce(1, *)
        let inner = extents[axes.upperBound...].reduce(1, *)
        let layout = tensor_reduction(
            function: function.rawValue, reduced: Int64(reduced), inner: Int64(inner))
        let isDouble = operand.elementType == .float64
        // Pieces are fixed by the shape, so the bits do not depend on the number of threads.
        // Short rows cost more an element than long ones.
        let split = Split(count: outer, costPerItem: (reduced < 32 && inner == 1 ? 3 : 1) * reduced * inner)
        return { memory in
            let x = memory.addresses[operand.slot] + operand.byteOffset,
                y = memory.addresses[result.slot] + result.byteOffset
            split.run(on: memory.pool) { range in
                if isDouble {
                    tensor_reduce_f64(
                        layout, Int64(range.lowerBound), Int64(range.upperBound),
                        x.assumingMemoryBound(to: Double.self), y.assumingMemoryBound(to: Double.self))
                } else {
                    tensor_reduce_f32(
                        layout, Int64(range.lowerBound), Int64(range.upperBound),
                        x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self))
                }
            }
        }
    }
}

extension Reduce {
    /// The same sum, to the same bits, whose parts may be computed side by side.
    private func kernel(inParts parts: Int, _ operand: View, _ result: View, _ scratch: View) -> Kernel {
        let inner = result.shape.count, reduced = operand.shape.count / inner
        let isDouble = operand.elementType == .float64
        let layout = tensor_reduction(function: function.rawValue, reduced: Int64(reduced), inner: Int64(inner))
        let split = Split(count: parts, costPerItem: operand.shape.count / parts)
        return { memory in
            func run<T>(
                _: T.Type, _ sum: (tensor_reduction, tensor_range, UnsafePointer<T>, UnsafeMutablePointer<T>) -> Void,
                _ total: (Int64, Int64, UnsafePointer<T>, UnsafeMutablePointer<T>) -> Void
            ) {
                let x = memory.pointer(operand, as: T.self), y = memory.pointer(result, as: T.self)
                let sums = memory.addresses[scratch.slot].assumingMemoryBound(to: T.self)
                split.run(on: memory.pool) { sum(layout, tensor_range($0), x, sums) }
                total(Int64(parts), Int64(inner), sums, y)
            }
            if isDouble {
                run(Double.self, tensor_sum_parts_f64, tensor_sum_total_f64)
            } else {
                run(Float.self, tensor_sum_parts_f32, tensor_sum_total_f32)
            }
        }
    }
}

/// The index of the largest element along the last axis; the first of equals. What is not a number is larger than any.
/// No derivative.
struct Argmax: KernelOperation {
    var name: String { "argmax" }

    func kernel(operands: [View], result: View) -> Kernel {
        func search<T: Comparable & Sendable>(_: T.Type) -> Kernel {
            let operand = operands[0], width = operand.shape[-1], rows = result.shape.count
            return { memory in
                let x = memory.pointer(operand, as: T.self), y = memory.pointer(result, as: Int32.self)
                for row in 0..<rows {
                    let from = x + row * width
                    var best = 0
                    // A number equals itself.
                    for j in 1..<Swift.max(width, 1)
                    where !(from[j] <= from[best]) && from[best] == from[best] { best = j }
                    y[row] = Int32(best)
                }
            }
        }
        return switch operands[0].elementType {
        case .float32: search(Float.self)
        case .float64: search(Double.self)
        case .int32: search(Int32.self)
        }
    }
}

extension Tensor {
    private func reduced(
        _ function: Reduce.Function, axes: [Int]?, keepingAxes: Bool, file: StaticString, line: UInt
    ) -> Tensor {
        require(
            elementType.isFloatingPoint, "\(function): of \(shape) \(elementType), a floating-point type is needed",
            file: file, line: line)
        let axes =
            axes.map { shape.normalized(axes: $0, for: "\(function)", file: file, line: line) } ?? Array(0..<rank)
        var result = function == .sum ? self : gathering(axes)
        var remaining = function == .sum ? axes : Array((rank - axes.count)..<rank)
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

    /// `axes` moved behind the others where they are not neighbours: elements that tie share the derivative equally
    /// only where one operation sees them all.
    private func gathering(_ axes: [Int]) -> Tensor {
        permuted((0..<rank).filter { !axes.contains($0) } + axes)
    }

    /// Stops where an element of the result would be made from no element.
    private func requireElements(_ operation: String, axes: [Int]?, file: StaticString, line: UInt) {
        let axes = axes.map { shape.normalized(axes: $0, for: operation, file: file, line: line) } ?? Array(0..<rank)
        let others = (0..<rank).filter { !axes.contains($0) }
        require(
            !axes.contains { shape[$0] == 0 } || others.contains { shape[$0] == 0 },
            "\(operation): over axes \(axes) of shape \(shape), along which there is no element", file: file, line: line
        )
    }

    /// The sum over `axes`, or over all; 0 where there is nothing to add.
    public func sum(
        axes: [Int]? = nil, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        reduced(.sum, axes: axes, keepingAxes: keepingAxes, file: file, line: line)
    }

    /// The mean over `axes`, or over all; of no element it is not a number.
    public func mean(
        axes: [Int]? = nil, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let sum = self.sum(axes: axes, keepingAxes: keepingAxes, file: file, line: line)
        return sum * (Double(sum.count) / Double(count))
    }

    /// The largest of at least one element over `axes`, or over all. Elements that tie share the derivative.
    public func max(
        axes: [Int]? = nil, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        requireElements("max", axes: axes, file: file, line: line)
        return reduced(.maximum, axes: axes, keepingAxes: keepingAxes, file: file, line: line)
    }

    /// The smallest of at least one element over `axes`, or over all. Elements that tie share the derivative.
    public func min(
        axes: [Int]? = nil, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        requireElements("min", axes: axes, file: file, line: line)
        return -((-self).max(axes: axes, keepingAxes: keepingAxes, file: file, line: line))
    }

    /// Int32 indices of the largest of at least one element along `axis`; the first of equals.
    public func argmax(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let axis = shape.normalized(axes: [axis], for: "argmax", file: file, line: line)[0]
        requireElements("argmax", axes: [axis], file: file, line: line)
        let last = permuted((0..<rank).filter { $0 != axis } + [axis])
        return Tensor(Argmax(), [last], shape: Shape(last.shape.extents.dropLast()), elementType: .int32)
    }

    /// Σ x², over all elements.
    public func squaredNorm(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        squared().sum(file: file, line: line)
    }

    /// The Euclidean norm of all elements; its derivative at 0 is not finite.
    public func norm(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        squaredNorm(file: file, line: line).sqrt(file: file, line: line)
    }

    /// Σ x y, over all elements.
    public func dot(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            shape == other.shape && elementType == other.elementType,
            "dot: \(shape) \(elementType) and \(other.shape) \(other.elementType)", file: file, line: line)
        return (self * other).sum(file: file, line: line)
    }
}

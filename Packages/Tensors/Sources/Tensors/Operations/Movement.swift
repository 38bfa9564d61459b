/// The same elements in row-major order under another shape.
struct Reshape: ViewOperation {
    let shape: Shape
    var name: String { "reshape" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        v.reshaped(to: y.operands[0].shape)
    }

    func view(of operand: View, shape: Shape) -> View? {
        if operand.isContiguous {
            return View(
                slot: operand.slot, offset: operand.offset, shape: shape, strides: shape.strides,
                elementType: operand.elementType)
        }
        return restrided(operand, to: shape)
    }

    /// Strides for a reshape that only inserts or removes axes of extent 1.
    private func restrided(_ operand: View, to shape: Shape) -> View? {
        let kept = operand.shape.extents.indices.filter { operand.shape[$0] != 1 }
        guard kept.map({ operand.shape[$0] }) == shape.extents.filter({ $0 != 1 }) else { return nil }
        var next = kept.makeIterator()
        let strides = shape.extents.map { $0 == 1 ? 0 : operand.strides[next.next()!] }
        return View(
            slot: operand.slot, offset: operand.offset, shape: shape, strides: strides, elementType: operand.elementType
        )
    }
}

/// Axis i of the result is axis `permutation[i]` of the operand.
struct Permute: ViewOperation {
    let permutation: [Int]
    var name: String { "permute\(permutation)" }

    var inverse: [Int] {
        var inverse = permutation
        for (i, axis) in permutation.enumerated() { inverse[axis] = i }
        return inverse
    }

    /// Whether only the last two axes change places.
    var isMatrixTranspose: Bool {
        let rank = permutation.count
        return rank >= 2 && permutation == Array(0..<(rank - 2)) + [rank - 1, rank - 2]
    }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? { v.permuted(inverse) }

    func view(of operand: View, shape: Shape) -> View? {
        View(
            slot: operand.slot, offset: operand.offset, shape: shape, strides: permutation.map { operand.strides[$0] },
            elementType: operand.elementType)
    }
}

/// Repeats axes of extent 1; the ranks are equal.
struct Broadcast: ViewOperation {
    let shape: Shape
    var name: String { "broadcast" }

    static func stretchedAxes(from small: Shape, to large: Shape) -> [Int] {
        large.extents.indices.filter { small[$0] == 1 && large[$0] != 1 }
    }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        let x = y.operands[0]
        return v.sum(axes: Broadcast.stretchedAxes(from: x.shape, to: y.shape)).reshaped(to: x.shape)
    }

    func view(of operand: View, shape: Shape) -> View? {
        let strides = shape.extents.indices.map { operand.shape[$0] == 1 ? 0 : operand.strides[$0] }
        return View(
            slot: operand.slot, offset: operand.offset, shape: shape, strides: strides, elementType: operand.elementType
        )
    }
}

/// A box of the operand: along each axis `extents[axis]` elements from `starts[axis]`.
struct Slice: ViewOperation {
    let starts: [Int]
    let extents: [Int]
    var name: String { "slice" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        let x = y.operands[0].shape
        return v.padded(before: starts, after: starts.indices.map { x[$0] - starts[$0] - extents[$0] })
    }

    func view(of operand: View, shape: Shape) -> View? {
        let offset = zip(starts, operand.strides).reduce(operand.offset) { $0 + $1.0 * $1.1 }
        return View(
            slot: operand.slot, offset: offset, shape: shape, strides: operand.strides, elementType: operand.elementType
        )
    }
}

/// The operand surrounded by zeros.
struct Pad: KernelOperation {
    let before: [Int]
    let after: [Int]
    var name: String { "pad" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        v.sliced(from: before, extents: y.operands[0].shape.extents)
    }

    func accepts(_ view: View, operand index: Int) -> Bool { true }

    func kernel(operands: [View], result: View) -> Kernel {
        let box = View(
            slot: result.slot, offset: result.offset + zip(before, result.strides).reduce(0) { $0 + $1.0 * $1.1 },
            shape: operands[0].shape, strides: result.strides, elementType: result.elementType)
        let copy = StridedCopy(from: operands[0], to: box)
        let byteCount = result.shape.count * result.elementType.byteCount
        return { memory in
            (memory.addresses[result.slot] + result.byteOffset).initializeMemory(
                as: UInt8.self, repeating: 0, count: byteCount)
            copy(memory)
        }
    }
}

/// The operands side by side along one axis.
struct Concatenate: KernelOperation {
    let axis: Int
    var name: String { "concatenate(\(axis))" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        var starts = [Int](repeating: 0, count: y.rank)
        starts[axis] = y.operands[..<index].reduce(0) { $0 + $1.shape[axis] }
        return v.sliced(from: starts, extents: y.operands[index].shape.extents)
    }

    func accepts(_ view: View, operand index: Int) -> Bool { true }

    func kernel(operands: [View], result: View) -> Kernel {
        var start = 0
        let copies = operands.map { operand in
            let box = View(
                slot: result.slot, offset: result.offset + start * result.strides[axis], shape: operand.shape,
                strides: result.strides, elementType: result.elementType)
            start += operand.shape[axis]
            return StridedCopy(from: operand, to: box)
        }
        return { memory in for copy in copies { copy(memory) } }
    }
}

extension Tensor {
    /// The same elements in row-major order with another shape of as many.
    public func reshaped(to shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(shape.count == count, "reshape: \(self.shape) to \(shape)", file: file, line: line)
        return shape == self.shape
            ? self : Tensor(Reshape(shape: shape), [self], shape: shape, elementType: elementType)
    }

    /// Axis i of the result is axis `axes[i]` of this tensor.
    public func permuted(_ axes: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(axes.sorted() == Array(0..<rank), "permute: axes \(axes) of shape \(shape)", file: file, line: line)
        if axes == Array(0..<rank) { return self }
        return Tensor(
            Permute(permutation: axes), [self], shape: Shape(axes.map { shape[$0] }), elementType: elementType)
    }

    /// The last two axes exchanged.
    public var transposed: Tensor {
        require(rank >= 2, "transpose: shape \(shape) has fewer than two axes", at: nil)
        return permuted(Array(0..<(rank - 2)) + [rank - 1, rank - 2])
    }

    /// Stretches axes of extent 1, and adds axes in front, by NumPy's rule.
    public func broadcast(to shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        if shape == self.shape { return self }
        require(
            self.shape.broadcast(with: shape) == shape, "broadcast: \(self.shape) to \(shape)", file: file, line: line)
        if let value = fillValue { return Tensor(repeating: value, shape: shape, elementType: elementType) }
        let aligned = reshaped(to: Shape([Int](repeating: 1, count: shape.rank - rank) + self.shape.extents))
        if aligned.shape == shape { return aligned }
        return Tensor(Broadcast(shape: shape), [aligned], shape: shape, elementType: elementType)
    }

    /// An axis of extent 1 inserted before `axis`.
    public func expandingAxis(_ axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            axis >= -rank - 1 && axis <= rank, "expandingAxis: axis \(axis) of shape \(shape)", file: file, line: line)
        var extents = shape.extents
        extents.insert(1, at: axis < 0 ? axis + rank + 1 : axis)
        return reshaped(to: Shape(extents))
    }

    /// The block of `extents` that begins at `from`, an index for each axis.
    public func sliced(
        from starts: [Int], extents: [Int], file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            starts.count == rank && extents.count == rank
                && (0..<rank).allSatisfy {
                    starts[$0] >= 0 && extents[$0] >= 0 && starts[$0] + extents[$0] <= shape[$0]
                },
            "slice: from \(starts) extents \(extents) of shape \(shape)", file: file, line: line)
        if extents == shape.extents { return self }
        return Tensor(Slice(starts: starts, extents: extents), [self], shape: Shape(extents), elementType: elementType)
    }

    /// The elements `range` along one axis.
    public func sliced(
        axis: Int = 0, _ range: Range<Int>, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let axis = shape.normalized(axes: [axis], for: "slice", file: file, line: line)[0]
        var starts = [Int](repeating: 0, count: rank), extents = shape.extents
        starts[axis] = range.lowerBound
        extents[axis] = range.count
        return sliced(from: starts, extents: extents, file: file, line: line)
    }

    /// Zeros added around each axis.
    public func padded(
        before: [Int], after: [Int], file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            before.count == rank && after.count == rank && (before + after).allSatisfy { $0 >= 0 },
            "pad: \(before) and \(after) around shape \(shape)", file: file, line: line)
        if (before + after).allSatisfy({ $0 == 0 }) { return self }
        let padded = Shape((0..<rank).map { before[$0] + shape[$0] + after[$0] })
        return Tensor(Pad(before: before, after: after), [self], shape: padded, elementType: elementType)
    }

    /// The parts side by side along one axis.
    public init(
        concatenating parts: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(!parts.isEmpty, "concatenate: no operands", file: file, line: line)
        let axis = parts[0].shape.normalized(axes: [axis], for: "concatenate", file: file, line: line)[0]
        func refusal() -> String {
            "concatenate: along axis \(axis) "
                + parts.map { "\($0.shape) \($0.elementType)" }.joined(separator: " and ")
        }
        var extents = parts[0].shape.extents
        for part in parts {
            var same = part.shape.extents
            require(part.rank == extents.count, refusal(), file: file, line: line)
            same[axis] = extents[axis]
            require(same == extents && part.elementType == parts[0].elementType, refusal(), file: file, line: line)
        }
        extents[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
        self.init(Concatenate(axis: axis), parts, shape: Shape(extents), elementType: parts[0].elementType)
    }
}

extension [Tensor] {
    /// The tensors, all of one shape [d₀, …], side by side along a new axis: [count, d₀, …] for axis 0.
    public func stacked(axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            !isEmpty && allSatisfy { $0.shape == self[0].shape && $0.elementType == self[0].elementType },
            "stacked: "
                + (isEmpty ? "no operands" : map { "\($0.shape) \($0.elementType)" }.joined(separator: " and ")),
            file: file, line: line)
        let axis = axis < 0 ? axis + self[0].rank + 1 : axis
        return Tensor(
            concatenating: map { $0.expandingAxis(axis, file: file, line: line) }, axis: axis, file: file, line: line)
    }
}

/// Row i of the result is row `indices[i]` of the table: [n, …] and [m] give [m, …].
struct GatherRows: KernelOperation {
    var name: String { "gatherRows" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        index == 0 ? v.scatteredAddingRows(at: y.operands[1], count: y.operands[0].shape[0]) : nil
    }

    func kernel(operands: [View], result: View) -> Kernel {
        let table = operands[0], indices = operands[1]
        let rows = table.shape[0], picked = indices.shape.count
        let rowBytes = rows == 0 ? 0 : table.shape.count / rows * table.elementType.byteCount
        return { memory in
            let index = memory.pointer(indices, as: Int32.self)
            let from = memory.addresses[table.slot] + table.byteOffset,
                to = memory.addresses[result.slot] + result.byteOffset
            for i in 0..<picked {
                let row = Int(index[i])
                precondition(row >= 0 && row < rows, "gatherRows: index \(row) of \(rows) rows")
                (to + i * rowBytes).copyMemory(from: from + row * rowBytes, byteCount: rowBytes)
            }
        }
    }
}

/// The adjoint of `GatherRows`: adds row i of [m, …] to row `indices[i]` of zeros [n, …], in order of i.
struct ScatterAddRows: KernelOperation {
    let count: Int
    var name: String { "scatterAddRows" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        index == 0 ? v.gatheredRows(at: y.operands[1]) : nil
    }

    func kernel(operands: [View], result: View) -> Kernel {
        func scatter<T: BinaryFloatingPoint & Sendable>(_: T.Type) -> Kernel {
            let rows = operands[0], indices = operands[1], count = self.count
            let width = indices.shape.count == 0 ? 0 : rows.shape.count / indices.shape.count
            return { memory in
                let index = memory.pointer(indices, as: Int32.self)
                let from = memory.pointer(rows, as: T.self), to = memory.pointer(result, as: T.self)
                to.update(repeating: 0, count: count * width)
                for i in 0..<indices.shape.count {
                    let row = Int(index[i])
                    precondition(row >= 0 && row < count, "scatterAddRows: index \(row) of \(count) rows")
                    for j in 0..<width { to[row * width + j] += from[i * width + j] }
                }
            }
        }
        return result.elementType == .float64 ? scatter(Double.self) : scatter(Float.self)
    }
}

/// 1 at the column that each label names, else 0: [n] int32 gives [n, classes].
struct OneHot: KernelOperation {
    let classes: Int
    var name: String { "oneHot" }

    func kernel(operands: [View], result: View) -> Kernel {
        func write<T: BinaryFloatingPoint & Sendable>(_: T.Type) -> Kernel {
            let labels = operands[0], classes = self.classes, count = labels.shape.count
            return { memory in
                let label = memory.pointer(labels, as: Int32.self), to = memory.pointer(result, as: T.self)
                to.update(repeating: 0, count: count * classes)
                for i in 0..<count {
                    precondition(label[i] >= 0 && label[i] < classes, "oneHot: label \(label[i]) of \(classes) classes")
                    to[i * classes + Int(label[i])] = 1
                }
            }
        }
        return result.elementType == .float64 ? write(Double.self) : write(Float.self)
    }
}

extension Tensor {
    /// Rows of `self` [n, …] at int32 `indices` [m]: [m, …].
    public func gatheredRows(at indices: Tensor) -> Tensor {
        precondition(
            indices.elementType == .int32 && indices.rank == 1 && rank >= 1,
            "gatherRows: table \(shape), indices \(indices.shape) \(indices.elementType)")
        return Tensor(
            GatherRows(), [self, indices], shape: Shape([indices.count] + shape.extents.dropFirst()),
            elementType: elementType)
    }

    /// Zeros [count, …] with row i of `self` [m, …] added to row `indices[i]`.
    public func scatteredAddingRows(at indices: Tensor, count: Int) -> Tensor {
        precondition(
            indices.elementType == .int32 && indices.rank == 1 && rank >= 1 && shape[0] == indices.count,
            "scatterAddRows: rows \(shape), indices \(indices.shape) \(indices.elementType)")
        return Tensor(
            ScatterAddRows(count: count), [self, indices], shape: Shape([count] + shape.extents.dropFirst()),
            elementType: elementType)
    }

    /// `self`: int32 labels [n] in 0 ..< classes. Result: [n, classes].
    public func oneHot(classes: Int, elementType: ElementType = .float32) -> Tensor {
        precondition(self.elementType == .int32 && rank == 1, "oneHot: labels \(shape) \(self.elementType)")
        return Tensor(OneHot(classes: classes), [self], shape: [count, classes], elementType: elementType)
    }
}

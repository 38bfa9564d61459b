/// Row i of the result is row `indices[i]` of the table: [n, …] and [m] give [m, …].
struct GatherRows: KernelOperation {
    let place: Place
    var name: String { "gatherRows" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        index == 0
            ? v.scatteredAddingRows(
                at: y.operands[1], count: y.operands[0].shape[0], file: place.file, line: place.line) : nil
    }

    func kernel(operands: [View], result: View) -> Kernel {
        let table = operands[0], indices = operands[1], place = self.place
        let rows = table.shape[0], picked = indices.shape.count
        let rowBytes = rows == 0 ? 0 : table.shape.count / rows * table.elementType.byteCount
        return { memory in
            let index = memory.pointer(indices, as: Int32.self)
            let from = memory.addresses[table.slot] + table.byteOffset,
                to = memory.addresses[result.slot] + result.byteOffset
            for i in 0..<picked {
                let row = Int(index[i])
                require(
                    row >= 0 && row < rows, "gatherRows: index \(row) at \(i), the table has rows 0 ..< \(rows)",
                    at: place)
                (to + i * rowBytes).copyMemory(from: from + row * rowBytes, byteCount: rowBytes)
            }
        }
    }
}

/// The adjoint of `GatherRows`: adds row i of [m, …] to row `indices[i]` of zeros [n, …], in order of i.
struct ScatterAddRows: KernelOperation {
    let count: Int
    let place: Place
    var name: String { "scatterAddRows" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        index == 0 ? v.gatheredRows(at: y.operands[1], file: place.file, line: place.line) : nil
    }

    func kernel(operands: [View], result: View) -> Kernel {
        func scatter<T: BinaryFloatingPoint & Sendable>(_: T.Type) -> Kernel {
            let rows = operands[0], indices = operands[1], count = self.count, place = self.place
            // Of the result, not of the rows, of which there may be none.
            let size = result.shape.count, width = count == 0 ? 0 : size / count
            return { memory in
                let index = memory.pointer(indices, as: Int32.self)
                let from = memory.pointer(rows, as: T.self), to = memory.pointer(result, as: T.self)
                to.update(repeating: 0, count: size)
                for i in 0..<indices.shape.count {
                    let row = Int(index[i])
                    require(
                        row >= 0 && row < count,
                        "scatterAddRows: index \(row) at \(i), the result has rows 0 ..< \(count)", at: place)
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
    let place: Place
    var name: String { "oneHot" }

    func kernel(operands: [View], result: View) -> Kernel {
        func write<T: BinaryFloatingPoint & Sendable>(_: T.Type) -> Kernel {
            let labels = operands[0], classes = self.classes, count = labels.shape.count, place = self.place
            return { memory in
                let label = memory.pointer(labels, as: Int32.self), to = memory.pointer(result, as: T.self)
                to.update(repeating: 0, count: count * classes)
                for i in 0..<count {
                    require(
                        label[i] >= 0 && label[i] < classes,
                        "oneHot: label \(label[i]) at \(i), the classes are 0 ..< \(classes)", at: place)
                    to[i * classes + Int(label[i])] = 1
                }
            }
        }
        return result.elementType == .float64 ? write(Double.self) : write(Float.self)
    }
}

/// Element i of the result is element (i, columns[i]) of the table: [n, width] and [n] give [n].
struct PickColumns: KernelOperation {
    let place: Place
    var name: String { "pickColumns" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        index == 0 ? v.placedInColumns(y.operands[1], width: y.operands[0].shape[1], at: place) : nil
    }

    func kernel(operands: [View], result: View) -> Kernel {
        func pick<T: BinaryFloatingPoint & Sendable>(_: T.Type) -> Kernel {
            let table = operands[0], columns = operands[1], place = self.place
            let count = result.shape.count, width = table.shape[1]
            return { memory in
                let from = memory.pointer(table, as: T.self), to = memory.pointer(result, as: T.self)
                let column = memory.pointer(columns, as: Int32.self)
                for i in 0..<count {
                    require(
                        column[i] >= 0 && column[i] < width,
                        "pickColumns: label \(column[i]) at \(i), the classes are 0 ..< \(width)", at: place)
                    to[i] = from[i * width + Int(column[i])]
                }
            }
        }
        return result.elementType == .float64 ? pick(Double.self) : pick(Float.self)
    }
}

/// The adjoint of `PickColumns`: element i of [n] at (i, columns[i]) of zeros [n, width].
///
/// Placed, not multiplied with a mask: 0 · ∞ is not a number.
struct PlaceColumns: KernelOperation {
    let width: Int
    let place: Place
    var name: String { "placeColumns" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        index == 0 ? v.pickedColumns(at: y.operands[1], file: place.file, line: place.line) : nil
    }

    func kernel(operands: [View], result: View) -> Kernel {
        func write<T: BinaryFloatingPoint & Sendable>(_: T.Type) -> Kernel {
            let values = operands[0], columns = operands[1], place = self.place
            let count = values.shape.count, width = self.width
            let split = Split(count: count, costPerItem: width)
            return { memory in
                let from = memory.pointer(values, as: T.self), to = memory.pointer(result, as: T.self)
                let column = memory.pointer(columns, as: Int32.self)
                split.run(on: memory.pool) { rows in
                    (to + rows.lowerBound * width).update(repeating: 0, count: rows.count * width)
                    for i in rows {
                        require(
                            column[i] >= 0 && column[i] < width,
                            "pickColumns: label \(column[i]) at \(i), the classes are 0 ..< \(width)", at: place)
                        to[i * width + Int(column[i])] = from[i]
                    }
                }
            }
        }
        return result.elementType == .float64 ? write(Double.self) : write(Float.self)
    }
}

extension Tensor {
    /// Rows of `self` [n, …] at int32 `indices` [m]: [m, …].
    public func gatheredRows(at indices: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            indices.elementType == .int32 && indices.rank == 1 && rank >= 1,
            "gatherRows: table \(shape) \(elementType), indices \(indices.shape) \(indices.elementType)",
            file: file, line: line)
        return Tensor(
            GatherRows(place: Place(file: file, line: line)), [self, indices],
            shape: Shape([indices.count] + shape.extents.dropFirst()), elementType: elementType)
    }

    /// Zeros [count, …] with row i of `self` [m, …] added to row `indices[i]`.
    public func scatteredAddingRows(
        at indices: Tensor, count: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            indices.elementType == .int32 && indices.rank == 1 && rank >= 1 && shape[0] == indices.count
                && elementType.isFloatingPoint && count >= 0,
            "scatterAddRows: rows \(shape) \(elementType), indices \(indices.shape) \(indices.elementType), "
                + "to \(count) rows", file: file, line: line)
        return Tensor(
            ScatterAddRows(count: count, place: Place(file: file, line: line)), [self, indices],
            shape: Shape([count] + shape.extents.dropFirst()), elementType: elementType)
    }

    /// The elements of `self` [n, width] at int32 `columns` [n], one of each row: [n].
    public func pickedColumns(at columns: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            rank == 2 && elementType.isFloatingPoint && columns.elementType == .int32 && columns.shape == [shape[0]],
            "pickColumns: table \(shape) \(elementType), columns \(columns.shape) \(columns.elementType)",
            file: file, line: line)
        return Tensor(
            PickColumns(place: Place(file: file, line: line)), [self, columns], shape: [shape[0]],
            elementType: elementType)
    }

    /// Zeros [n, width] with element i of `self` [n] at column `columns[i]` of row i.
    fileprivate func placedInColumns(_ columns: Tensor, width: Int, at place: Place) -> Tensor {
        Tensor(
            PlaceColumns(width: width, place: place), [self, columns], shape: [count, width], elementType: elementType)
    }

    /// `self`: int32 labels [n] in 0 ..< classes. Result: [n, classes].
    public func oneHot(
        classes: Int, elementType: ElementType = .float32, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            self.elementType == .int32 && rank == 1 && classes >= 0 && elementType.isFloatingPoint,
            "oneHot: labels \(shape) \(self.elementType), \(classes) classes in \(elementType)", file: file, line: line)
        return Tensor(
            OneHot(classes: classes, place: Place(file: file, line: line)), [self], shape: [count, classes],
            elementType: elementType)
    }
}

import CTensorKernels

/// Where the largest element of each window is, by its number in the window: the first of equals, and what is not a
/// number before all. What lies outside the image never counts. Places do not change under small changes.
struct PoolPlaces: KernelOperation {
    let windows: Windows
    let image: Shape, output: Shape
    var name: String { "poolPlaces" }

    func kernel(operands: [View], result: View) -> Kernel {
        kernel(of: operands[0], largest: nil, places: result)
    }

    /// - Parameters:
    ///   - largest: where the largest themselves go, nil for nowhere.
    ///   - places: nil where nobody asks for them.
    func kernel(of x: View, largest: View?, places: View?) -> Kernel {
        func search<T: WindowScalar>(_: T.Type) -> Kernel {
            let layout = windows.layout(image: image, output: output)
            // No window reaches into two images.
            let positions = output[1] * output[2]
            let split = Split(
                count: output[0], costPerItem: positions * output[3] * windows.kernel.height * windows.kernel.width)
            return { memory in
                let from = UnsafePointer(memory.pointer(x, as: T.self)),
                    target = largest.map { memory.pointer($0, as: T.self) },
                    numbers = places.map { UnsafeMutableRawPointer(memory.pointer($0, as: Int32.self)) }
                split.run(on: memory.pool) { images in
                    let range = tensor_range(images.lowerBound * positions..<images.upperBound * positions)
                    withUnsafePointer(to: layout) { windows in
                        if let numbers {
                            T.kernels.poolPlaces(windows, range, from, target, numbers)
                        } else if let target {
                            T.kernels.maxPool(windows, range, from, target)
                        }
                    }
                }
            }
        }
        return x.elementType == .float64 ? search(Double.self) : search(Float.self)
    }
}

/// Max pooling, as a choice of places: `gather` reads u at each window's place, `scatter` is its transpose.
struct PoolChoice: KernelOperation {
    let windows: Windows
    let image: Shape, output: Shape
    let isGather: Bool
    var name: String { isGather ? "poolGather" : "poolScatter" }

    // Operands: (u, places) or (v, places).
    func adjoint(of result: Tensor, operand index: Int, cotangent: Tensor) -> Tensor? {
        guard index == 0 else { return nil }
        let other = PoolChoice(windows: windows, image: image, output: output, isGather: !isGather)
        return Tensor(
            other, [cotangent, result.operands[1]], shape: isGather ? image : output, elementType: result.elementType)
    }

    func kernel(operands: [View], result: View) -> Kernel {
        func choose<T: WindowScalar>(_: T.Type) -> Kernel {
            let layout = windows.layout(image: image, output: output), isGather = self.isGather
            // No window reaches into two images.
            let positions = output[1] * output[2]
            let split = Split(
                count: output[0], costPerItem: positions * output[3] * windows.kernel.height * windows.kernel.width)
            let a = operands[0], places = operands[1], size = windows.kernel.height
            let isApart = windows.stride >= size && windows.stride >= windows.kernel.width
            let isCovered =
                isApart && windows.padding == 0 && windows.stride == size && size == windows.kernel.width
                && output[1] * size == image[1] && output[2] * size == image[2]
            return { memory in
                let from = UnsafePointer(memory.pointer(a, as: T.self)), target = memory.pointer(result, as: T.self),
                    numbers = UnsafeRawPointer(memory.pointer(places, as: Int32.self))
                if !isGather, !isCovered { target.update(repeating: 0, count: result.shape.count) }
                split.run(on: memory.pool) { images in
                    let range = tensor_range(images.lowerBound * positions..<images.upperBound * positions)
                    let choice =
                        isGather ? T.kernels.poolGather : isApart ? T.kernels.poolPlace : T.kernels.poolScatter
                    withUnsafePointer(to: layout) { choice($0, range, from, numbers, target) }
                }
            }
        }
        return result.elementType == .float64 ? choose(Double.self) : choose(Float.self)
    }
}

extension Tensor {
    /// The largest element of each window of images [n, height, width, channels]; padding never wins, and what is not
    /// a number always does.
    public func maxPooled(
        size: Int, stride: Int? = nil, padding: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let stride = stride ?? size
        require(
            rank == 4 && elementType.isFloatingPoint && size > 0 && stride > 0 && padding >= 0 && 2 * padding <= size,
            "maxPooled: images \(shape) \(elementType), size \(size), stride \(stride), padding \(padding)", file: file,
            line: line)
        // A window that saw nothing but padding would have no largest element.
        require(shape[1] > 0 && shape[2] > 0, "maxPooled: images \(shape) have no pixels", file: file, line: line)
        let windows = Windows(kernel: (size, size), stride: stride, padding: padding)
        windows.requireRoom(in: shape, for: "maxPooled", file: file, line: line)
        let output = windows.output(of: shape, channels: shape[3])
        let places = Tensor(
            PoolPlaces(windows: windows, image: shape, output: output), [self], shape: windows.places(of: output),
            elementType: .int32)
        return Tensor(
            PoolChoice(windows: windows, image: shape, output: output, isGather: true), [self, places], shape: output,
            elementType: elementType)
    }

    /// Means of `size` x `size` windows that do not overlap; rows and columns that fill no window are left out.
    public func averagePooled(size: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            rank == 4 && elementType.isFloatingPoint && size > 0,
            "averagePooled: images \(shape) \(elementType), size \(size)", file: file, line: line)
        Windows(kernel: (size, size), stride: size, padding: 0).requireRoom(
            in: shape, for: "averagePooled", file: file, line: line)
        let h = shape[1] / size, w = shape[2] / size
        return sliced(from: [0, 0, 0, 0], extents: [shape[0], h * size, w * size, shape[3]])
            .reshaped(to: [shape[0], h, size, w, size, shape[3]]).mean(axes: [2, 4])
    }

    /// Means over `rows` x `columns` windows that together cover images [n, height, width, channels]: window i of m
    /// reaches from row ⌊i height/m⌋ to row ⌈(i + 1) height/m⌉, columns alike, so neighbours may share rows (as in
    /// PyTorch). Result: [n, rows, columns, channels].
    public func adaptiveAveragePooled(
        rows: Int, columns: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            rank == 4 && elementType.isFloatingPoint && rows > 0 && columns > 0 && shape[1] > 0 && shape[2] > 0,
            "adaptiveAveragePooled: images \(shape) \(elementType) to \(rows) x \(columns)", file: file, line: line)
        // Slices, not products with matrices that are mostly zeros: 0 · ∞ would spoil windows far from an infinity.
        func means(_ x: Tensor, axis: Int, count: Int) -> Tensor {
            let size = x.shape[axis]
            let windows = (0..<count).map { i in
                let window = (i * size / count)..<(((i + 1) * size + count - 1) / count)
                return x.sliced(axis: axis, window).mean(axes: [axis], keepingAxes: true)
            }
            return Tensor(concatenating: windows, axis: axis)
        }
        return means(means(self, axis: 1, count: rows), axis: 2, count: columns)
    }

    /// Means over [height, width] of images [n, height, width, channels]: [n, channels].
    public func globalAveragePooled(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            rank == 4 && elementType.isFloatingPoint && shape[1] > 0 && shape[2] > 0,
            "globalAveragePooled: images \(shape) \(elementType)", file: file, line: line)
        return mean(axes: [1, 2])
    }
}

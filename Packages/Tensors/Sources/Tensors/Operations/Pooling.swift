/// Max pooling, as a choice of places: `gather` reads u where the window's largest x is, `scatter` is its transpose.
/// The places do not change under small changes of x; the first of equals counts, and what lies outside the image never
/// does.
struct PoolChoice: KernelOperation {
    let windows: Windows
    let image: Shape, output: Shape
    let isGather: Bool
    var name: String { isGather ? "poolGather" : "poolScatter" }

    // Operands: (u, x) or (v, x).
    func adjoint(of result: Tensor, operand index: Int, cotangent: Tensor) -> Tensor? {
        guard index == 0 else { return nil }
        let other = PoolChoice(windows: windows, image: image, output: output, isGather: !isGather)
        return Tensor(
            other, [cotangent, result.operands[1]], shape: isGather ? image : output, elementType: result.elementType)
    }

    func kernel(operands: [View], result: View) -> Kernel {
        func choose<T: WindowScalar>(_: T.Type) -> Kernel {
            let layout = windows.layout(image: image, output: output), rows = Int64(output[0] * output[1] * output[2]),
                isGather = self.isGather
            let a = operands[0], x = operands[1], size = windows.kernel.height
            let isApart = windows.stride >= size && windows.stride >= windows.kernel.width
            let isCovered =
                isApart && windows.padding == 0 && windows.stride == size && size == windows.kernel.width
                && output[1] * size == image[1] && output[2] * size == image[2]
            return { memory in
                let from = UnsafePointer(memory.pointer(a, as: T.self)),
                    deciding = UnsafePointer(memory.pointer(x, as: T.self)), target = memory.pointer(result, as: T.self)
                if !isGather, !isCovered { target.update(repeating: 0, count: result.shape.count) }
                withUnsafePointer(to: layout) { windows in
                    if isGather, from == deciding { return T.kernels.maxPool(windows, 0, rows, from, target) }
                    let choice = isGather ? T.kernels.poolGather : isApart ? T.kernels.poolPlace : T.kernels.poolScatter
                    choice(windows, 0, rows, from, deciding, target)
                }
            }
        }
        return result.elementType == .float64 ? choose(Double.self) : choose(Float.self)
    }
}

extension Tensor {
    /// The largest element of each window of images [n, height, width, channels]; padding never wins.
    public func maxPooled(size: Int, stride: Int? = nil, padding: Int = 0) -> Tensor {
        let stride = stride ?? size
        precondition(
            rank == 4 && size > 0 && stride > 0 && 2 * padding <= size,
            "maxPooled: images \(shape), size \(size), stride \(stride), padding \(padding)")
        let windows = Windows(kernel: (size, size), stride: stride, padding: padding),
            output = windows.output(of: shape, channels: shape[3])
        precondition(
            output[1] > 0 && output[2] > 0, "maxPooled: images \(shape) are smaller than the window of \(size)")
        return Tensor(
            PoolChoice(windows: windows, image: shape, output: output, isGather: true), [self, self.stopGradient()],
            shape: output, elementType: elementType)
    }

    /// Means of `size` x `size` windows that do not overlap; rows and columns that fill no window are left out.
    public func averagePooled(size: Int) -> Tensor {
        precondition(
            rank == 4 && size > 0 && shape[1] >= size && shape[2] >= size,
            "averagePooled: images \(shape), size \(size)")
        let h = shape[1] / size, w = shape[2] / size
        return sliced(from: [0, 0, 0, 0], extents: [shape[0], h * size, w * size, shape[3]])
            .reshaped(to: [shape[0], h, size, w, size, shape[3]]).mean(axes: [2, 4])
    }

    /// Means over `rows` x `columns` windows that together cover images [n, height, width, channels]: window i of m
    /// reaches from row ⌊i height/m⌋ to row ⌈(i + 1) height/m⌉, columns alike, so neighbours may share rows (as in
    /// PyTorch). Result: [n, rows, columns, channels].
    public func adaptiveAveragePooled(rows: Int, columns: Int) -> Tensor {
        precondition(
            rank == 4 && rows > 0 && columns > 0 && shape[1] > 0 && shape[2] > 0,
            "adaptiveAveragePooled: images \(shape) to \(rows) x \(columns)")
        func means(_ count: Int, of size: Int) -> Tensor {
            Tensor(
                (0..<count).flatMap { i in
                    let window = (i * size / count)..<(((i + 1) * size + count - 1) / count)
                    return (0..<size).map { window.contains($0) ? 1 / Double(window.count) : 0 }
                }, shape: [count, size]
            ).converted(to: elementType)
        }
        let tall = means(rows, of: shape[1]).product(reshaped(to: [shape[0], shape[1], shape[2] * shape[3]]))
        return means(columns, of: shape[2]).product(tall.reshaped(to: [shape[0] * rows, shape[2], shape[3]])).reshaped(
            to: [shape[0], rows, columns, shape[3]])
    }

    /// Means over [height, width] of images [n, height, width, channels]: [n, channels].
    public func globalAveragePooled() -> Tensor { mean(axes: [1, 2]) }
}

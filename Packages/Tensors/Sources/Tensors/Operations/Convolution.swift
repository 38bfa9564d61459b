import CTensorKernels

/// The three parts of a two-dimensional convolution. Each is bilinear in its operands, and each is an adjoint of the
/// others: y = w * x; x̄ = w ᵀ* ȳ; w̄ = x ⋆ ȳ. With channels last, a block of outputs is one matrix product of patches
/// (im2col; Chellapilla et al. 2006): y = patches(x) W, where W [rows · columns · channels, outputs] is the weight as
/// it lies.
struct Convolution: KernelOperation, ProductOperation {
    enum Part: Hashable, Sendable { case forward, inputGradient, weightGradient }
    let part: Part
    let windows: Windows
    /// Of x [n, h, w, c], of the weight [rows, columns, c, o], of y [n, h', w', o].
    let image: Shape, weight: Shape, output: Shape

    var name: String { "convolution.\(part)" }

    private func with(_ part: Part, _ a: Tensor, _ b: Tensor) -> Tensor {
        let shape =
            switch part {
            case .forward: output
            case .inputGradient: image
            case .weightGradient: weight
            }
        return Tensor(
            Convolution(part: part, windows: windows, image: image, weight: weight, output: output), [a, b],
            shape: shape, elementType: a.elementType)
    }

    // Operands: forward (x, w), inputGradient (y, w), weightGradient (x, y).
    func adjoint(of result: Tensor, operand index: Int, cotangent u: Tensor) -> Tensor? {
        let a = result.operands[0], b = result.operands[1]
        return switch (part, index) {
        case (.forward, 0): with(.inputGradient, u, b)
        case (.forward, _): with(.weightGradient, a, u)
        case (.inputGradient, 0): with(.forward, u, b)
        case (.inputGradient, _): with(.weightGradient, u, a)
        case (.weightGradient, 0): with(.inputGradient, b, u)
        case (.weightGradient, _): with(.forward, a, u)
        }
    }

    private var rows: Int { output[0] * output[1] * output[2] }
    private var patchLength: Int { weight[0] * weight[1] * weight[2] }
    /// With stride 1 the way back is a convolution of ȳ with the rotated weight, which needs no sums over patches. Nil
    /// otherwise.
    private var backwardWindows: Windows? {
        guard part == .inputGradient, windows.stride == 1, weight[0] == weight[1], windows.padding < weight[0],
            !isPointwise
        else { return nil }
        return Windows(kernel: windows.kernel, stride: 1, padding: weight[0] - 1 - windows.padding)
    }
    /// Patches of a 1 x 1 window are the image itself.
    private var isPointwise: Bool { weight[0] == 1 && weight[1] == 1 && windows.stride == 1 && windows.padding == 0 }

    /// Positions at a time: their patches stay in the second-level cache. Float64 takes all at once.
    private func block(_ rows: Int, _ patchLength: Int, _ type: ElementType) -> Int {
        type == .float64 ? rows : min(rows, max(48, 98_304 / max(patchLength, 1)))
    }

    func floatingPointOperations(operands: [Shape], result: Shape) -> Int { 2 * rows * patchLength * output[3] }

    func scratchByteCount(operands: [Shape], result: Shape, elementType: ElementType) -> Int {
        guard !isPointwise else { return 0 }
        guard backwardWindows != nil else {
            return block(rows, patchLength, elementType) * patchLength * elementType.byteCount
        }
        let rows = image[0] * image[1] * image[2], length = weight[0] * weight[1] * weight[3]
        return (block(rows, length, elementType) * length + weight.count) * elementType.byteCount
    }

    func kernel(operands: [View], result: View, scratch: View?) -> Kernel {
        result.elementType == .float64
            ? kernel(operands, result, scratch, Double.self) : kernel(operands, result, scratch, Float.self)
    }

    private func kernel<T: WindowScalar>(_ operands: [View], _ result: View, _ scratch: View?, _: T.Type) -> Kernel {
        if let backwardWindows, rows > 0, output[3] > 0, result.shape.count > 0 {
            return backwardKernel(backwardWindows, operands, result, scratch!, T.self)
        }
        let layout = windows.layout(image: image, output: output), rows = self.rows, length = patchLength,
            channels = output[3]
        let block = isPointwise ? max(rows, 1) : self.block(rows, length, result.elementType), a = operands[0],
            b = operands[1], part = self.part
        // Of empty images, channels or outputs the sums are empty.
        if rows == 0 || length == 0 || channels == 0 || result.shape.count == 0 {
            return { memory in memory.pointer(result, as: T.self).update(repeating: 0, count: result.shape.count) }
        }
        return { memory in
            let p = memory.pointer(a, as: T.self), q = memory.pointer(b, as: T.self),
                r = memory.pointer(result, as: T.self)
            let patches: UnsafeMutablePointer<T>? = scratch.map {
                memory.addresses[$0.slot].assumingMemoryBound(to: T.self)
            }
            if part == .inputGradient { r.update(repeating: 0, count: result.shape.count) }
            for first in stride(from: 0, to: rows, by: block) {
                let end = min(first + block, rows), count = end - first, positions = tensor_range(first..<end)
                switch part {
                case .forward:
                    if let patches {
                        withUnsafePointer(to: layout) { T.kernels.patches($0, positions, p, patches) }
                    }
                    T.product(
                        ProductExtents(m: count, n: channels, k: length), matrix(patches ?? p, length),
                        matrix(q, channels), into: r + first * channels, adding: false)
                case .weightGradient:
                    if let patches {
                        withUnsafePointer(to: layout) { T.kernels.patches($0, positions, p, patches) }
                    }
                    T.product(
                        ProductExtents(m: length, n: channels, k: count),
                        matrix(patches ?? p, length, transposed: true), matrix(q + first * channels, channels),
                        into: r, adding: first > 0)
                case .inputGradient:
                    T.product(
                        ProductExtents(m: count, n: length, k: channels), matrix(p + first * channels, channels),
                        matrix(q, channels, transposed: true), into: patches ?? r, adding: false)
                    if let patches {
                        withUnsafePointer(to: layout) { T.kernels.addPatches($0, positions, patches, r) }
                    }
                }
            }
        }
    }
}

extension Convolution {
    /// x̄ = ȳ * rotated w: patches of ȳ, and behind them in the scratch memory the rotated weight.
    private func backwardKernel<T: WindowScalar>(
        _ windows: Windows, _ operands: [View], _ result: View, _ scratch: View, _: T.Type
    ) -> Kernel {
        let layout = windows.layout(image: output, output: image), rows = image[0] * image[1] * image[2],
            inputs = weight[2], outputs = weight[3]
        let taps = weight[0] * weight[1], length = taps * outputs, block = self.block(rows, length, result.elementType),
            y = operands[0], w = operands[1]
        return { memory in
            let cotangent = memory.pointer(y, as: T.self), target = memory.pointer(result, as: T.self)
            let patches = memory.addresses[scratch.slot].assumingMemoryBound(to: T.self),
                rotated = patches + block * length
            T.kernels.rotateWeight(Int64(taps), Int64(inputs), Int64(outputs), memory.pointer(w, as: T.self), rotated)
            for first in stride(from: 0, to: rows, by: block) {
                let end = min(first + block, rows)
                withUnsafePointer(to: layout) {
                    T.kernels.patches($0, tensor_range(first..<end), cotangent, patches)
                }
                T.product(
                    ProductExtents(m: end - first, n: inputs, k: length), matrix(patches, length),
                    matrix(rotated, inputs), into: target + first * inputs, adding: false)
            }
        }
    }
}

/// A matrix whose rows lie next to each other.
private func matrix<T>(_ elements: UnsafePointer<T>, _ width: Int, transposed: Bool = false) -> MatrixOperand<T> {
    MatrixOperand(elements: elements, rowStride: width, isTransposed: transposed)
}

extension Tensor {
    /// A two-dimensional convolution (cross-correlation) of images [n, height, width, channels], channels last.
    /// - Parameter weight: [rows, columns, channels, outputs]; not larger than the images with their padding.
    /// - Returns: [n, ⌊(height + 2 padding - rows)/stride⌋ + 1, …, outputs].
    public func convolved(
        with weight: Tensor, stride: Int = 1, padding: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            rank == 4 && weight.rank == 4 && shape[3] == weight.shape[2] && elementType == weight.elementType
                && elementType.isFloatingPoint && stride > 0 && padding >= 0,
            "convolution: images \(shape) \(elementType), weight \(weight.shape) \(weight.elementType), "
                + "stride \(stride), padding \(padding)", file: file, line: line)
        let windows = Windows(kernel: (weight.shape[0], weight.shape[1]), stride: stride, padding: padding)
        windows.requireRoom(in: shape, for: "convolution", file: file, line: line)
        let output = windows.output(of: shape, channels: weight.shape[3])
        // Of no pixels, windows hold padding alone, which an infinite cotangent must not be multiplied with.
        if count == 0 { return .zeros(output, elementType: elementType) }
        return Tensor(
            Convolution(part: .forward, windows: windows, image: shape, weight: weight.shape, output: output),
            [self, weight], shape: output, elementType: elementType)
    }
}

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
    /// This part by tiles, where that is faster. The way back is a convolution of ȳ.
    private func tiled(_ type: ElementType) -> TiledConvolution? {
        switch part {
        case .forward, .weightGradient: TiledConvolution(windows, image: image, output: output, elementType: type)
        case .inputGradient:
            backwardWindows.flatMap { TiledConvolution($0, image: output, output: image, elementType: type) }
        }
    }

    func floatingPointOperations(operands: [Shape], result: Shape) -> Int { 2 * rows * patchLength * output[3] }

    /// How many pieces of the positions are summed apart for the weight's gradient: each of a few hundred at least, so
    /// that the total of the sums costs little. Float64 takes all at once.
    private func sumPieces(_ type: ElementType) -> Int {
        type == .float64 ? 1 : Split(count: max(rows / 256, 1), costPerItem: 32 * patchLength * output[3]).pieces
    }

    func scratchByteCount(operands: [Shape], result: Shape, elementType: ElementType) -> Int {
        guard rows > 0 else { return 0 }
        if let tiled = tiled(elementType) {
            let count =
                switch part {
                case .forward: tiled.weightCount
                case .inputGradient: tiled.weightCount + weight.count
                case .weightGradient: tiled.sumPieces * tiled.weightCount
                }
            return count * elementType.byteCount
        }
        switch part {
        case .forward: return 0
        case .inputGradient: return backwardWindows == nil ? 0 : weight.count * elementType.byteCount
        case .weightGradient:
            let patches = elementType == .float64 && !isPointwise ? rows * patchLength : 0
            return (patches + (sumPieces(elementType) - 1) * weight.count) * elementType.byteCount
        }
    }

    func kernel(operands: [View], result: View, scratch: View?) -> Kernel {
        result.elementType == .float64
            ? kernel(operands, result, scratch, Double.self) : kernel(operands, result, scratch, Float.self)
    }

    private func kernel(_ tiled: TiledConvolution, _ operands: [View], _ result: View, _ scratch: View) -> Kernel {
        let a = operands[0], b = operands[1], part = self.part
        let taps = weight[0] * weight[1], inputs = weight[2], outputs = weight[3]
        return { memory in
            let room = memory.addresses[scratch.slot].assumingMemoryBound(to: Float.self)
            let result = memory.pointer(result, as: Float.self), pool = memory.pool
            switch part {
            case .forward: tiled(memory.pointer(a), memory.pointer(b), transformed: room, into: result, on: pool)
            case .inputGradient:
                let rotated = room + tiled.weightCount
                Float.kernels.rotateWeight(Int64(taps), Int64(inputs), Int64(outputs), memory.pointer(b), rotated)
                tiled(memory.pointer(a), rotated, transformed: room, into: result, on: pool)
            case .weightGradient:
                tiled.weightGradient(memory.pointer(a), memory.pointer(b), sums: room, into: result, on: pool)
            }
        }
    }

    private func kernel<T: WindowScalar>(_ operands: [View], _ result: View, _ scratch: View?, _: T.Type) -> Kernel {
        // Of empty images, channels or outputs the sums are empty.
        if rows == 0 || patchLength == 0 || output[3] == 0 || result.shape.count == 0 {
            return { memory in memory.pointer(result, as: T.self).update(repeating: 0, count: result.shape.count) }
        }
        if let tiled = tiled(result.elementType) { return kernel(tiled, operands, result, scratch!) }
        switch part {
        case .forward: return forwardKernel(operands, result, T.self)
        case .weightGradient: return weightGradientKernel(operands, result, scratch, T.self)
        case .inputGradient:
            if isPointwise { return pointwiseBackwardKernel(operands, result, T.self) }
            guard let backwardWindows else { return scatteringKernel(operands, result, T.self) }
            return backwardKernel(backwardWindows, operands, result, scratch!, T.self)
        }
    }
}

/// A product whose rows are patches of images: y [positions, columns] = patches(x) [positions, length] · w. Blocks of
/// positions are shared out among threads, each with patches of its own; the bits are those of one thread.
private struct PatchProduct<T: WindowScalar>: Sendable {
    let layout: tensor_windows
    let positions: Int, length: Int, columns: Int
    /// Patches of a 1 x 1 window are the image itself.
    let isPointwise: Bool

    func callAsFunction(
        _ x: UnsafePointer<T>, _ w: MatrixOperand<T>, into y: UnsafeMutablePointer<T>, on pool: ThreadPool?
    ) {
        let block = patchBlock(positions, length, T.self), blocks = (positions + block - 1) / block
        Split(count: blocks, costPerItem: block * length * columns / 8).run(on: pool) {
            for first in $0.lazy.map({ $0 * block }) {
                let end = min(first + block, positions)
                let patches = isPointwise ? x + first * length : patches(of: x, first..<end)
                T.product(
                    ProductExtents(m: end - first, n: columns, k: length), matrix(patches, length), w,
                    into: y + first * columns, adding: false)
            }
        }
    }

    private func patches(of x: UnsafePointer<T>, _ range: Range<Int>) -> UnsafePointer<T> {
        let patches = threadMemory(range.count * length, T.self)
        withUnsafePointer(to: layout) { T.kernels.patches($0, tensor_range(range), x, patches) }
        return UnsafePointer(patches)
    }
}

/// Positions at a time: their patches stay in the second-level cache.
private func patchBlock<T>(_ positions: Int, _ length: Int, _: T.Type) -> Int {
    max(1, min(positions, max(48, 98_304 * 4 / MemoryLayout<T>.stride / max(length, 1))))
}

private func threadMemory<T>(_ count: Int, _: T.Type) -> UnsafeMutablePointer<T> {
    tensor_thread_memory(Int64(count * MemoryLayout<T>.stride)).assumingMemoryBound(to: T.self)
}

extension Convolution {
    private func forwardKernel<T: WindowScalar>(_ operands: [View], _ result: View, _: T.Type) -> Kernel {
        let product = PatchProduct<T>(
            layout: windows.layout(image: image, output: output), positions: rows, length: patchLength,
            columns: output[3], isPointwise: isPointwise)
        let x = operands[0], w = operands[1]
        return { memory in
            product(
                memory.pointer(x), matrix(memory.pointer(w), product.columns), into: memory.pointer(result),
                on: memory.pool)
        }
    }

    /// x̄ = ȳ · wᵀ.
    private func pointwiseBackwardKernel<T: WindowScalar>(_ operands: [View], _ result: View, _: T.Type) -> Kernel {
        let product = PatchProduct<T>(
            layout: windows.layout(image: output, output: image), positions: rows, length: output[3],
            columns: patchLength, isPointwise: true)
        let y = operands[0], w = operands[1]
        return { memory in
            product(
                memory.pointer(y), matrix(memory.pointer(w), product.length, transposed: true),
                into: memory.pointer(result), on: memory.pool)
        }
    }

    /// x̄ = ȳ * rotated w, which lies in the scratch memory.
    private func backwardKernel<T: WindowScalar>(
        _ windows: Windows, _ operands: [View], _ result: View, _ scratch: View, _: T.Type
    ) -> Kernel {
        let inputs = weight[2], outputs = weight[3], taps = weight[0] * weight[1]
        let product = PatchProduct<T>(
            layout: windows.layout(image: output, output: image), positions: image[0] * image[1] * image[2],
            length: taps * outputs, columns: inputs, isPointwise: false)
        let y = operands[0], w = operands[1]
        return { memory in
            let rotated = memory.addresses[scratch.slot].assumingMemoryBound(to: T.self)
            T.kernels.rotateWeight(Int64(taps), Int64(inputs), Int64(outputs), memory.pointer(w, as: T.self), rotated)
            product(memory.pointer(y), matrix(rotated, inputs), into: memory.pointer(result), on: memory.pool)
        }
    }

    /// x̄: rows of ȳ · wᵀ added to the places that their patches came from.
    private func scatteringKernel<T: WindowScalar>(_ operands: [View], _ result: View, _: T.Type) -> Kernel {
        let layout = windows.layout(image: image, output: output), rows = self.rows, length = patchLength,
            channels = output[3], block = patchBlock(rows, length, T.self), y = operands[0], w = operands[1]
        return { memory in
            let cotangent = memory.pointer(y, as: T.self), target = memory.pointer(result, as: T.self)
            target.update(repeating: 0, count: result.shape.count)
            let patches = threadMemory(block * length, T.self)
            for first in stride(from: 0, to: rows, by: block) {
                let end = min(first + block, rows)
                T.product(
                    ProductExtents(m: end - first, n: length, k: channels),
                    matrix(cotangent + first * channels, channels),
                    matrix(memory.pointer(w), channels, transposed: true), into: patches, adding: false)
                withUnsafePointer(to: layout) {
                    T.kernels.addPatches($0, tensor_range(first..<end), patches, target)
                }
            }
        }
    }

    /// w̄ = patches(x)ᵀ · ȳ: pieces of the positions, each block by block, then the total of their sums.
    private func weightGradientKernel<T: WindowScalar>(
        _ operands: [View], _ result: View, _ scratch: View?, _: T.Type
    ) -> Kernel {
        let layout = windows.layout(image: image, output: output), rows = self.rows, length = patchLength,
            channels = output[3], isPointwise = self.isPointwise, count = weight.count
        let pieces = sumPieces(result.elementType), takesAll = result.elementType == .float64
        let block = takesAll ? rows : patchBlock(rows, length, T.self), x = operands[0], y = operands[1]
        return { memory in
            let images = memory.pointer(x, as: T.self), cotangent = memory.pointer(y, as: T.self),
                total = memory.pointer(result, as: T.self)
            let room = scratch.map { memory.addresses[$0.slot].assumingMemoryBound(to: T.self) }
            Split(pieces: pieces).run(on: memory.pool) {
                for piece in $0 {
                    let begin = rows * piece / pieces, end = rows * (piece + 1) / pieces
                    let sum = piece == 0 ? total : room! + (piece - 1) * count
                    for first in stride(from: begin, to: end, by: block) {
                        let last = min(first + block, end)
                        var patches = UnsafePointer(images + first * length)
                        if !isPointwise {
                            let own = takesAll ? room! : threadMemory((last - first) * length, T.self)
                            withUnsafePointer(to: layout) {
                                T.kernels.patches($0, tensor_range(first..<last), images, own)
                            }
                            patches = UnsafePointer(own)
                        }
                        T.product(
                            ProductExtents(m: length, n: channels, k: last - first),
                            matrix(patches, length, transposed: true), matrix(cotangent + first * channels, channels),
                            into: sum, adding: first > begin)
                    }
                }
            }
            for piece in 1..<max(pieces, 1) {
                let sum = room! + (piece - 1) * count
                for i in 0..<count { total[i] += sum[i] }
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

import CTensorKernels

/// How a window of `kernel` rows and columns moves over images [n, height, width, channels].
struct Windows: Hashable, Sendable {
    let kernel: (height: Int, width: Int)
    let stride: Int, padding: Int

    static func == (a: Windows, b: Windows) -> Bool { a.kernel == b.kernel && a.stride == b.stride && a.padding == b.padding }
    func hash(into hasher: inout Hasher) {
        for value in [kernel.height, kernel.width, stride, padding] { hasher.combine(value) }
    }

    /// [n, ⌊(height + 2 padding - kernel)/stride⌋ + 1, …, channels].
    func output(of image: Shape, channels: Int) -> Shape {
        [image[0], (image[1] + 2 * padding - kernel.height) / stride + 1, (image[2] + 2 * padding - kernel.width) / stride + 1, channels]
    }

    func layout(image: Shape, output: Shape) -> tensor_windows {
        tensor_windows(height: Int64(image[1]), width: Int64(image[2]), channels: Int64(image[3]), kernel_height: Int64(kernel.height), kernel_width: Int64(kernel.width),
                       stride: Int64(stride), padding: Int64(padding), output_height: Int64(output[1]), output_width: Int64(output[2]))
    }
}

/// The three parts of a two-dimensional convolution. Each is bilinear in its operands, and each is an adjoint of the others:
/// y = w * x; x̄ = w ᵀ* ȳ; w̄ = x ⋆ ȳ. With channels last, a block of outputs is one matrix product of patches (im2col; Chellapilla
/// et al. 2006): y = patches(x) W, where W [rows · columns · channels, outputs] is the weight as it lies.
struct Convolution: KernelOperation, ProductOperation {
    enum Part: Hashable, Sendable { case forward, inputGradient, weightGradient }
    let part: Part
    let windows: Windows
    /// Of x [n, h, w, c], of the weight [rows, columns, c, o], of y [n, h', w', o].
    let image: Shape, weight: Shape, output: Shape

    var name: String { "convolution.\(part)" }

    private func with(_ part: Part, _ a: Tensor, _ b: Tensor) -> Tensor {
        let shape = switch part {
        case .forward: output
        case .inputGradient: image
        case .weightGradient: weight
        }
        return Tensor(Convolution(part: part, windows: windows, image: image, weight: weight, output: output), [a, b], shape: shape, elementType: a.elementType)
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
    /// With stride 1 the way back is a convolution of ȳ with the rotated weight, which needs no sums over patches. Nil otherwise.
    private var backwardWindows: Windows? {
        guard part == .inputGradient, windows.stride == 1, weight[0] == weight[1], windows.padding < weight[0], !isPointwise else { return nil }
        return Windows(kernel: windows.kernel, stride: 1, padding: weight[0] - 1 - windows.padding)
    }
    /// Patches of a 1 x 1 window are the image itself.
    private var isPointwise: Bool { weight[0] == 1 && weight[1] == 1 && windows.stride == 1 && windows.padding == 0 }

    /// Positions at a time: their patches stay in the second-level cache. Float64 takes all at once.
    private func block(_ rows: Int, _ patchLength: Int, _ type: ElementType) -> Int { type == .float64 ? rows : min(rows, max(48, 98_304 / patchLength)) }

    func floatingPointOperations(operands: [Shape], result: Shape) -> Int { 2 * rows * patchLength * output[3] }

    func scratchByteCount(operands: [Shape], result: Shape, elementType: ElementType) -> Int {
        guard !isPointwise else { return 0 }
        guard backwardWindows != nil else { return block(rows, patchLength, elementType) * patchLength * elementType.byteCount }
        let rows = image[0] * image[1] * image[2], length = weight[0] * weight[1] * weight[3]
        return (block(rows, length, elementType) * length + weight.count) * elementType.byteCount
    }

    func kernel(operands: [View], result: View, scratch: View?) -> Kernel {
        result.elementType == .float64 ? kernel(operands, result, scratch, Double.self) : kernel(operands, result, scratch, Float.self)
    }

    private func kernel<T: WindowScalar>(_ operands: [View], _ result: View, _ scratch: View?, _: T.Type) -> Kernel {
        if let backwardWindows, rows > 0, result.shape.count > 0 { return backwardKernel(backwardWindows, operands, result, scratch!, T.self) }
        let layout = windows.layout(image: image, output: output), rows = self.rows, length = patchLength, channels = output[3]
        let block = isPointwise ? max(rows, 1) : self.block(rows, length, result.elementType), a = operands[0], b = operands[1], part = self.part
        if rows == 0 || result.shape.count == 0 { return { memory in memory.pointer(result, as: T.self).update(repeating: 0, count: result.shape.count) } }
        return { memory in
            let p = memory.pointer(a, as: T.self), q = memory.pointer(b, as: T.self), r = memory.pointer(result, as: T.self)
            let patches: UnsafeMutablePointer<T>? = scratch.map { memory.addresses[$0.slot].assumingMemoryBound(to: T.self) }
            if part == .inputGradient { r.update(repeating: 0, count: result.shape.count) }
            for first in stride(from: 0, to: rows, by: block) {
                let end = min(first + block, rows), count = end - first
                switch part {
                case .forward:
                    if let patches { T.patches(layout, first, end, p, patches) }
                    T.product(count, channels, length, patches ?? p, false, q, false, r + first * channels, adding: false)
                case .weightGradient:
                    if let patches { T.patches(layout, first, end, p, patches) }
                    T.product(length, channels, count, patches ?? p, true, q + first * channels, false, r, adding: first > 0)
                case .inputGradient:
                    T.product(count, length, channels, p + first * channels, false, q, true, patches ?? r, adding: false)
                    if let patches { T.addPatches(layout, first, end, patches, r) }
                }
            }
        }
    }
}

extension Convolution {
    /// x̄ = ȳ * rotated w: patches of ȳ, and behind them in the scratch memory the rotated weight.
    private func backwardKernel<T: WindowScalar>(_ windows: Windows, _ operands: [View], _ result: View, _ scratch: View, _: T.Type) -> Kernel {
        let layout = windows.layout(image: output, output: image), rows = image[0] * image[1] * image[2], inputs = weight[2], outputs = weight[3]
        let taps = weight[0] * weight[1], length = taps * outputs, block = self.block(rows, length, result.elementType), y = operands[0], w = operands[1]
        return { memory in
            let cotangent = memory.pointer(y, as: T.self), target = memory.pointer(result, as: T.self)
            let patches = memory.addresses[scratch.slot].assumingMemoryBound(to: T.self), rotated = patches + block * length
            T.rotateWeight(taps, inputs, outputs, memory.pointer(w, as: T.self), rotated)
            for first in stride(from: 0, to: rows, by: block) {
                let end = min(first + block, rows)
                T.patches(layout, first, end, cotangent, patches)
                T.product(end - first, inputs, length, patches, false, rotated, false, target + first * inputs, adding: false)
            }
        }
    }
}

/// Max pooling, as a choice of places: `gather` reads u where the window's largest x is, `scatter` is its transpose. The places do not
/// change under small changes of x; the first of equals counts, and what lies outside the image never does.
struct PoolChoice: KernelOperation {
    let windows: Windows
    let image: Shape, output: Shape
    let isGather: Bool
    var name: String { isGather ? "poolGather" : "poolScatter" }

    // Operands: (u, x) or (v, x).
    func adjoint(of result: Tensor, operand index: Int, cotangent: Tensor) -> Tensor? {
        guard index == 0 else { return nil }
        let other = PoolChoice(windows: windows, image: image, output: output, isGather: !isGather)
        return Tensor(other, [cotangent, result.operands[1]], shape: isGather ? image : output, elementType: result.elementType)
    }

    func kernel(operands: [View], result: View) -> Kernel {
        func choose<T: WindowScalar>(_: T.Type) -> Kernel {
            let layout = windows.layout(image: image, output: output), rows = output[0] * output[1] * output[2], isGather = self.isGather
            let a = operands[0], x = operands[1], size = windows.kernel.height
            let isApart = windows.stride >= size && windows.stride >= windows.kernel.width
            let isCovered = isApart && windows.padding == 0 && windows.stride == size && size == windows.kernel.width && output[1] * size == image[1] && output[2] * size == image[2]
            return { memory in
                let from = UnsafePointer(memory.pointer(a, as: T.self)), deciding = UnsafePointer(memory.pointer(x, as: T.self)), target = memory.pointer(result, as: T.self)
                if isGather {
                    if from == deciding { T.maxPool(layout, rows, from, target) } else { T.poolGather(layout, rows, from, deciding, target) }
                } else {
                    if !isCovered { target.update(repeating: 0, count: result.shape.count) }
                    if isApart { T.poolPlace(layout, rows, from, deciding, target) } else { T.poolScatter(layout, rows, from, deciding, target) }
                }
            }
        }
        return result.elementType == .float64 ? choose(Double.self) : choose(Float.self)
    }
}

extension Tensor {
    /// A two-dimensional convolution (cross-correlation) of images [n, height, width, channels], channels last.
    /// - Parameter weight: [rows, columns, channels, outputs].
    /// - Returns: [n, ⌊(height + 2 padding - rows)/stride⌋ + 1, …, outputs].
    public func convolved(with weight: Tensor, stride: Int = 1, padding: Int = 0) -> Tensor {
        precondition(rank == 4 && weight.rank == 4 && shape[3] == weight.shape[2] && elementType == weight.elementType && stride > 0 && padding >= 0,
                     "convolution: images \(shape) \(elementType), weight \(weight.shape) \(weight.elementType), stride \(stride), padding \(padding)")
        let windows = Windows(kernel: (weight.shape[0], weight.shape[1]), stride: stride, padding: padding), output = windows.output(of: shape, channels: weight.shape[3])
        precondition(output[1] > 0 && output[2] > 0, "convolution: images \(shape) are smaller than the window of \(weight.shape)")
        return Tensor(Convolution(part: .forward, windows: windows, image: shape, weight: weight.shape, output: output), [self, weight], shape: output, elementType: elementType)
    }

    /// The largest element of each window of images [n, height, width, channels]; padding never wins.
    public func maxPooled(size: Int, stride: Int? = nil, padding: Int = 0) -> Tensor {
        let stride = stride ?? size
        precondition(rank == 4 && size > 0 && stride > 0 && 2 * padding <= size, "maxPooled: images \(shape), size \(size), stride \(stride), padding \(padding)")
        let windows = Windows(kernel: (size, size), stride: stride, padding: padding), output = windows.output(of: shape, channels: shape[3])
        precondition(output[1] > 0 && output[2] > 0, "maxPooled: images \(shape) are smaller than the window of \(size)")
        return Tensor(PoolChoice(windows: windows, image: shape, output: output, isGather: true), [self, self.stopGradient()], shape: output, elementType: elementType)
    }

    /// Means of `size` x `size` windows that do not overlap; rows and columns that fill no window are left out.
    public func averagePooled(size: Int) -> Tensor {
        precondition(rank == 4 && size > 0 && shape[1] >= size && shape[2] >= size, "averagePooled: images \(shape), size \(size)")
        let h = shape[1] / size, w = shape[2] / size
        return sliced(from: [0, 0, 0, 0], extents: [shape[0], h * size, w * size, shape[3]])
            .reshaped(to: [shape[0], h, size, w, size, shape[3]]).mean(axes: [2, 4])
    }

    /// Means over `rows` x `columns` windows that together cover images [n, height, width, channels]: window i of m reaches from row
    /// ⌊i height/m⌋ to row ⌈(i + 1) height/m⌉, columns alike, so neighbours may share rows (as in PyTorch). Result: [n, rows, columns, channels].
    public func adaptiveAveragePooled(rows: Int, columns: Int) -> Tensor {
        precondition(rank == 4 && rows > 0 && columns > 0 && shape[1] > 0 && shape[2] > 0, "adaptiveAveragePooled: images \(shape) to \(rows) x \(columns)")
        func means(_ count: Int, of size: Int) -> Tensor {
            Tensor((0..<count).flatMap { i in
                let window = (i * size / count)..<(((i + 1) * size + count - 1) / count)
                return (0..<size).map { window.contains($0) ? 1 / Double(window.count) : 0 }
            }, shape: [count, size]).converted(to: elementType)
        }
        let tall = means(rows, of: shape[1]).product(reshaped(to: [shape[0], shape[1], shape[2] * shape[3]]))
        return means(columns, of: shape[2]).product(tall.reshaped(to: [shape[0] * rows, shape[2], shape[3]])).reshaped(to: [shape[0], rows, columns, shape[3]])
    }

    /// Means over [height, width] of images [n, height, width, channels]: [n, channels].
    public func globalAveragePooled() -> Tensor { mean(axes: [1, 2]) }
}

/// The element types that windows are computed in.
protocol WindowScalar: TensorScalar, BinaryFloatingPoint {
    static func patches(_ windows: tensor_windows, _ first: Int, _ end: Int, _ x: UnsafePointer<Self>, _ patches: UnsafeMutablePointer<Self>)
    static func addPatches(_ windows: tensor_windows, _ first: Int, _ end: Int, _ patches: UnsafePointer<Self>, _ x: UnsafeMutablePointer<Self>)
    static func rotateWeight(_ taps: Int, _ inputs: Int, _ outputs: Int, _ weight: UnsafePointer<Self>, _ rotated: UnsafeMutablePointer<Self>)
    static func maxPool(_ windows: tensor_windows, _ rows: Int, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>)
    static func poolGather(_ windows: tensor_windows, _ rows: Int, _ u: UnsafePointer<Self>, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>)
    static func poolScatter(_ windows: tensor_windows, _ rows: Int, _ v: UnsafePointer<Self>, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>)
    static func poolPlace(_ windows: tensor_windows, _ rows: Int, _ v: UnsafePointer<Self>, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>)
    /// c [m, n] = op(a) op(b), or added to c; rows lie next to each other.
    static func product(_ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Self>, _ transposeA: Bool, _ b: UnsafePointer<Self>, _ transposeB: Bool,
                        _ c: UnsafeMutablePointer<Self>, adding: Bool)
}

extension Float: WindowScalar {
    static func patches(_ windows: tensor_windows, _ first: Int, _ end: Int, _ x: UnsafePointer<Float>, _ patches: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: windows) { tensor_patches_f32($0, Int64(first), Int64(end), x, patches) }
    }

    static func addPatches(_ windows: tensor_windows, _ first: Int, _ end: Int, _ patches: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: windows) { tensor_add_patches_f32($0, Int64(first), Int64(end), patches, x) }
    }

    static func rotateWeight(_ taps: Int, _ inputs: Int, _ outputs: Int, _ weight: UnsafePointer<Float>, _ rotated: UnsafeMutablePointer<Float>) {
        tensor_rotate_weight_f32(Int64(taps), Int64(inputs), Int64(outputs), weight, rotated)
    }

    static func maxPool(_ windows: tensor_windows, _ rows: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: windows) { tensor_max_pool_f32($0, 0, Int64(rows), x, y) }
    }

    static func poolGather(_ windows: tensor_windows, _ rows: Int, _ u: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: windows) { tensor_pool_gather_f32($0, 0, Int64(rows), u, x, y) }
    }

    static func poolScatter(_ windows: tensor_windows, _ rows: Int, _ v: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: windows) { tensor_pool_scatter_f32($0, 0, Int64(rows), v, x, y) }
    }

    static func poolPlace(_ windows: tensor_windows, _ rows: Int, _ v: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: windows) { tensor_pool_place_f32($0, 0, Int64(rows), v, x, y) }
    }

    static func product(_ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ transposeA: Bool, _ b: UnsafePointer<Float>, _ transposeB: Bool,
                        _ c: UnsafeMutablePointer<Float>, adding: Bool) {
        MatrixKernel.product(m, n, k, a, transposeA, transposeA ? m : k, b, transposeB, transposeB ? k : n, c, n, adding: adding)
    }
}

extension Double: WindowScalar {
    static func patches(_ windows: tensor_windows, _ first: Int, _ end: Int, _ x: UnsafePointer<Double>, _ patches: UnsafeMutablePointer<Double>) {
        withUnsafePointer(to: windows) { tensor_patches_f64($0, Int64(first), Int64(end), x, patches) }
    }

    static func addPatches(_ windows: tensor_windows, _ first: Int, _ end: Int, _ patches: UnsafePointer<Double>, _ x: UnsafeMutablePointer<Double>) {
        withUnsafePointer(to: windows) { tensor_add_patches_f64($0, Int64(first), Int64(end), patches, x) }
    }

    static func rotateWeight(_ taps: Int, _ inputs: Int, _ outputs: Int, _ weight: UnsafePointer<Double>, _ rotated: UnsafeMutablePointer<Double>) {
        tensor_rotate_weight_f64(Int64(taps), Int64(inputs), Int64(outputs), weight, rotated)
    }

    static func maxPool(_ windows: tensor_windows, _ rows: Int, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>) {
        withUnsafePointer(to: windows) { tensor_max_pool_f64($0, 0, Int64(rows), x, y) }
    }

    static func poolGather(_ windows: tensor_windows, _ rows: Int, _ u: UnsafePointer<Double>, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>) {
        withUnsafePointer(to: windows) { tensor_pool_gather_f64($0, 0, Int64(rows), u, x, y) }
    }

    static func poolScatter(_ windows: tensor_windows, _ rows: Int, _ v: UnsafePointer<Double>, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>) {
        withUnsafePointer(to: windows) { tensor_pool_scatter_f64($0, 0, Int64(rows), v, x, y) }
    }

    static func poolPlace(_ windows: tensor_windows, _ rows: Int, _ v: UnsafePointer<Double>, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>) {
        withUnsafePointer(to: windows) { tensor_pool_place_f64($0, 0, Int64(rows), v, x, y) }
    }

    static func product(_ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Double>, _ transposeA: Bool, _ b: UnsafePointer<Double>, _ transposeB: Bool,
                        _ c: UnsafeMutablePointer<Double>, adding: Bool) {
        precondition(!adding, "convolution: float64 takes all output positions at once")
        tensor_product_f64(transposeA ? 1 : 0, transposeB ? 1 : 0, Int64(m), Int64(n), Int64(k), a, Int64(transposeA ? m : k), b, Int64(transposeB ? k : n), c, Int64(n))
    }
}

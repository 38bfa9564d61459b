import CTensorKernels

/// How a window of `kernel` rows and columns moves over images [n, height, width, channels].
struct Windows: Hashable, Sendable {
    let kernel: (height: Int, width: Int)
    let stride: Int, padding: Int

    static func == (a: Windows, b: Windows) -> Bool {
        a.kernel == b.kernel && a.stride == b.stride && a.padding == b.padding
    }
    func hash(into hasher: inout Hasher) {
        for value in [kernel.height, kernel.width, stride, padding] { hasher.combine(value) }
    }

    /// [n, ⌊(height + 2 padding - kernel)/stride⌋ + 1, …, channels].
    func output(of image: Shape, channels: Int) -> Shape {
        [
            image[0], (image[1] + 2 * padding - kernel.height) / stride + 1,
            (image[2] + 2 * padding - kernel.width) / stride + 1, channels,
        ]
    }

    /// Places in windows, by number, as `tensor_pool_places` writes them: four bytes to an int32 where all fit.
    func places(of output: Shape) -> Shape {
        let isSmall = kernel.height * kernel.width <= 256
        return [output[0], output[1], output[2], isSmall ? (output[3] + 3) / 4 : output[3]]
    }

    /// Stops where a window does not fit into the padded image.
    func requireRoom(in image: Shape, for operation: String, file: StaticString, line: UInt) {
        let height = image[1] + 2 * padding, width = image[2] + 2 * padding
        require(
            kernel.height > 0 && kernel.width > 0 && height >= kernel.height && width >= kernel.width,
            "\(operation): a window of \(kernel.height)x\(kernel.width) does not fit into images \(image), "
                + "\(height)x\(width) with padding \(padding)", file: file, line: line)
    }

    func layout(image: Shape, output: Shape) -> tensor_windows {
        tensor_windows(
            height: Int64(image[1]), width: Int64(image[2]), channels: Int64(image[3]),
            kernel_height: Int64(kernel.height), kernel_width: Int64(kernel.width),
            stride: Int64(stride), padding: Int64(padding), output_height: Int64(output[1]),
            output_width: Int64(output[2]))
    }
}

extension tensor_range {
    init(_ range: Range<Int>) { self.init(begin: Int64(range.lowerBound), end: Int64(range.upperBound)) }
}

/// The element types that windows are computed in.
protocol WindowScalar: TensorScalar, BinaryFloatingPoint {
    static var kernels: WindowKernels<Self> { get }
    /// c [m, n] = op(a) op(b), or added to c, whose rows lie next to each other.
    static func product(
        _ extents: ProductExtents, _ a: MatrixOperand<Self>, _ b: MatrixOperand<Self>,
        into c: UnsafeMutablePointer<Self>, adding: Bool)
}

/// The C functions for one element type (kernels.h: windows of images), for some positions of the output.
struct WindowKernels<T>: Sendable {
    typealias Move =
        @Sendable (
            _ windows: UnsafePointer<tensor_windows>, _ positions: tensor_range, _ from: UnsafePointer<T>,
            _ to: UnsafeMutablePointer<T>
        ) -> Void
    typealias Choice =
        @Sendable (
            _ windows: UnsafePointer<tensor_windows>, _ positions: tensor_range, _ from: UnsafePointer<T>,
            _ places: UnsafeRawPointer, _ to: UnsafeMutablePointer<T>
        ) -> Void
    /// The largest may be left out.
    typealias Search =
        @Sendable (
            _ windows: UnsafePointer<tensor_windows>, _ positions: tensor_range, _ from: UnsafePointer<T>,
            _ largest: UnsafeMutablePointer<T>?, _ places: UnsafeMutableRawPointer
        ) -> Void
    let patches: Move, addPatches: Move, maxPool: Move
    let poolPlaces: Search
    let poolGather: Choice, poolScatter: Choice, poolPlace: Choice
    let rotateWeight:
        @Sendable (
            _ taps: Int64, _ inputs: Int64, _ outputs: Int64, _ weight: UnsafePointer<T>,
            _ rotated: UnsafeMutablePointer<T>
        ) -> Void
}

extension Float: WindowScalar {
    static let kernels = WindowKernels<Float>(
        patches: tensor_patches_f32, addPatches: tensor_add_patches_f32, maxPool: tensor_max_pool_f32,
        poolPlaces: tensor_pool_places_f32, poolGather: tensor_pool_gather_f32,
        poolScatter: tensor_pool_scatter_f32, poolPlace: tensor_pool_place_f32, rotateWeight: tensor_rotate_weight_f32)

    static func product(
        _ extents: ProductExtents, _ a: MatrixOperand<Float>, _ b: MatrixOperand<Float>,
        into c: UnsafeMutablePointer<Float>, adding: Bool
    ) {
        MatrixKernel.product(extents, a, b, into: c, rowStride: extents.n, adding: adding)
    }
}

extension Double: WindowScalar {
    static let kernels = WindowKernels<Double>(
        patches: tensor_patches_f64, addPatches: tensor_add_patches_f64, maxPool: tensor_max_pool_f64,
        poolPlaces: tensor_pool_places_f64, poolGather: tensor_pool_gather_f64,
        poolScatter: tensor_pool_scatter_f64, poolPlace: tensor_pool_place_f64, rotateWeight: tensor_rotate_weight_f64)

    static func product(
        _ extents: ProductExtents, _ a: MatrixOperand<Double>, _ b: MatrixOperand<Double>,
        into c: UnsafeMutablePointer<Double>, adding: Bool
    ) {
        require(!adding, "convolution: float64 takes all output positions at once")
        tensor_product_f64(extents.inC, a.inC, b.inC, c, Int64(extents.n))
    }
}

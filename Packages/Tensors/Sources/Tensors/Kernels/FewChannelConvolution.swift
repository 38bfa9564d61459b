import CTensorKernels

/// A convolution of 3 x 3 windows with stride 1 and padding 1 over images of few channels together with the largest of
/// 2 x 2 of its outputs: what is pooled is never in memory (pooled.c). Float32 only.
struct FewChannelConvolution: Sendable {
    private let image: Shape
    private let outputs: Int

    /// Nil for other windows, channels and outputs than the kernel is written for, and on other machines.
    init?(_ windows: Windows, image: Shape, output: Shape, elementType: ElementType) {
        guard elementType == .float32, windows.kernel == (3, 3), windows.stride == 1, windows.padding == 1,
            1...Int(TENSOR_POOLED_CHANNELS) ~= image[3], output[3] > 0, output[3] % 32 == 0, image[0] > 0,
            image[1] > 1, image[2] > 1, tensor_winograd_pays() != 0
        else { return nil }
        self.image = image
        outputs = output[3]
    }

    private var channels: Int { image[3] }
    private var gradientCount: Int { 9 * channels * outputs }
    /// Elements of scratch memory, forward and for the weight's gradient.
    var weightCount: Int { 18 * channels * outputs }
    var sumCount: Int { split.pieces * gradientCount }
    private var split: Split {
        Split(count: image[0], costPerItem: image[1] * image[2] * gradientCount / 4)
    }

    private func images(_ range: Range<Int>, of x: View) -> tensor_pooled_images {
        var images = tensor_pooled_images(
            height: Int64(image[1]), width: Int64(image[2]), channels: Int64(channels), outputs: Int64(outputs),
            image_stride: Int64(x.strides[0]), row_stride: Int64(x.strides[1]), column_stride: Int64(x.strides[2]),
            channel_stride: Int64(x.strides[3]), images: tensor_range(range), memory: nil)
        let memory = withUnsafePointer(to: images) { tensor_thread_memory(tensor_pooled_memory($0))! }
        images.memory = memory.assumingMemoryBound(to: Float.self)
        return images
    }

    /// - Parameters:
    ///   - x: images that lie at any strides.
    ///   - transformed: room for `weightCount` elements.
    func kernel(_ x: View, _ weight: View, largest: View?, places: View?, transformed: View) -> Kernel {
        { memory in
            let images = UnsafePointer(memory.pointer(x, as: Float.self)),
                room = memory.pointer(transformed, as: Float.self)
            let result = memory.pooled(largest, places)
            tensor_pooled_weight_f32(Int64(channels), Int64(outputs), memory.pointer(weight), room)
            split.run(on: memory.pool) { some in
                withUnsafePointer(to: self.images(some, of: x)) {
                    tensor_pooled_convolution_f32($0, images, room, result)
                }
            }
        }
    }

    /// The weight's gradient.
    /// - Parameters:
    ///   - cotangent: of the largest.
    ///   - sums: room for `sumCount` elements.
    func weightGradientKernel(_ x: View, cotangent: View, places: View, sums: View, result: View) -> Kernel {
        { memory in
            let images = UnsafePointer(memory.pointer(x, as: Float.self)),
                room = memory.pointer(sums, as: Float.self), total = memory.pointer(result, as: Float.self)
            let given = memory.pooledCotangent(cotangent, places)
            let pieces = split.pieces, count = gradientCount
            Split(pieces: pieces).run(on: memory.pool) {
                for piece in $0 {
                    withUnsafePointer(to: self.images(split.range(piece), of: x)) {
                        tensor_pooled_weight_sums_f32($0, images, given, room + piece * count)
                    }
                }
            }
            total.update(from: room, count: count)
            for piece in 1..<max(pieces, 1) {
                for i in 0..<count { total[i] += room[piece * count + i] }
            }
        }
    }
}

extension Memory {
    /// Where the largest and their places go, nil for nowhere.
    func pooled(_ largest: View?, _ places: View?) -> tensor_pooled_result {
        tensor_pooled_result(
            y: largest.map { pointer($0) },
            places: places.map { UnsafeMutableRawPointer(pointer($0, as: Int32.self)) })
    }

    func pooledCotangent(_ values: View, _ places: View) -> tensor_pooled_cotangent {
        tensor_pooled_cotangent(
            values: pointer(values), places: UnsafeRawPointer(pointer(places, as: Int32.self)))
    }
}

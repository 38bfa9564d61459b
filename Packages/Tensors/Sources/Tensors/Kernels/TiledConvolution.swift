import CTensorKernels

/// A convolution of 3 x 3 windows with stride 1 by tiles of 4 x 4 outputs, with a quarter of the multiplications
/// (Winograd 1980; Lavin and Gray 2016; winograd.c). Float32 only.
struct TiledConvolution: Sendable {
    private let windows: tensor_windows
    let channels: Int, outputs: Int, tiles: Int
    /// Tiles that one call takes at a time.
    private let block: Int

    /// Nil where patches are faster: other windows, other numbers of channels than the kernels are written for, images
    /// that fill less than half of their tiles, weights that are larger than the caches.
    /// - Parameter isPooled: whether outputs are pooled by 2 x 2: a last odd row and column are left out.
    init?(_ windows: Windows, image: Shape, output: Shape, elementType: ElementType, isPooled: Bool = false) {
        func tiles(_ output: Shape) -> Int { (output[1] + 3) / 4 * ((output[2] + 3) / 4) }
        let area = output[1] * output[2], perImage = tiles(output)
        guard elementType == .float32, windows.kernel == (3, 3), windows.stride == 1, windows.padding <= 2,
            image[3] > 0, image[3] % 16 == 0, output[3] > 0, output[3] % 32 == 0, image[3] * output[3] <= 65_536,
            output[0] > 0, area >= 8 * perImage, tensor_winograd_pays() != 0
        else { return nil }
        let computed = isPooled ? output.withEvenSides : output
        self.windows = windows.layout(image: image, output: computed)
        (channels, outputs, self.tiles) = (image[3], output[3], output[0] * tiles(computed))
        block = Int(tensor_winograd_tiles(Int64(channels), Int64(outputs)))
    }

    /// Elements of a transformed weight, and of one piece's sums.
    var weightCount: Int { 36 * channels * outputs }
    /// Tiles whose sums for the weight's gradient are taken apart: some dozens of blocks, so that their total costs
    /// little.
    var sumPieces: Int { max(1, min(4, tiles / (8 * block), 4_194_304 / weightCount)) }

    private func tiling(_ range: Range<Int>) -> tensor_tiling {
        let memory = tensor_thread_memory(tensor_winograd_memory(Int64(channels), Int64(outputs)))!
        return tensor_tiling(
            windows: windows, outputs: Int64(outputs), tiles: tensor_range(range),
            memory: memory.assumingMemoryBound(to: Float.self))
    }

    private func forEachBlock(on pool: ThreadPool?, _ body: (UnsafePointer<tensor_tiling>) -> Void) {
        let blocks = (tiles + block - 1) / block
        Split(count: blocks, costPerItem: block * 36 * channels * outputs / 8).run(on: pool) { some in
            withUnsafePointer(to: tiling(some.lowerBound * block..<min(some.upperBound * block, tiles)), body)
        }
    }

    private func transform(_ weight: UnsafePointer<Float>, into transformed: UnsafeMutablePointer<Float>) {
        tensor_winograd_weight_f32(Int64(channels), Int64(outputs), weight, transformed)
    }

    /// - Parameter transformed: room for `weightCount` elements.
    func callAsFunction(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, transformed: UnsafeMutablePointer<Float>,
        into y: UnsafeMutablePointer<Float>, on pool: ThreadPool?
    ) {
        transform(weight, into: transformed)
        forEachBlock(on: pool) { tensor_winograd_f32($0, x, transformed, y) }
    }

    /// The same, pooled.
    func callAsFunction(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, transformed: UnsafeMutablePointer<Float>,
        pooledInto result: tensor_pooled_result, on pool: ThreadPool?
    ) {
        transform(weight, into: transformed)
        forEachBlock(on: pool) { tensor_winograd_pooled_f32($0, x, transformed, result) }
    }

    /// The same of a pooling's cotangent.
    func callAsFunction(
        ofPooled x: tensor_pooled_cotangent, _ weight: UnsafePointer<Float>,
        transformed: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>, on pool: ThreadPool?
    ) {
        transform(weight, into: transformed)
        forEachBlock(on: pool) { tensor_winograd_of_pooled_f32($0, x, transformed, y) }
    }

    /// - Parameter sums: room for `sumPieces` times `weightCount` elements.
    func weightGradient(
        _ x: UnsafePointer<Float>, _ cotangent: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>,
        into result: UnsafeMutablePointer<Float>, on pool: ThreadPool?
    ) {
        addUp(sums: sums, into: result, on: pool) { tensor_winograd_weight_sums_f32($0, x, cotangent, $1) }
    }

    /// The same, of a pooling's cotangent.
    func weightGradient(
        _ x: UnsafePointer<Float>, pooled cotangent: tensor_pooled_cotangent, sums: UnsafeMutablePointer<Float>,
        into result: UnsafeMutablePointer<Float>, on pool: ThreadPool?
    ) {
        addUp(sums: sums, into: result, on: pool) { tensor_winograd_pooled_weight_sums_f32($0, x, cotangent, $1) }
    }

    private func addUp(
        sums: UnsafeMutablePointer<Float>, into result: UnsafeMutablePointer<Float>, on pool: ThreadPool?,
        _ add: (UnsafePointer<tensor_tiling>, UnsafeMutablePointer<Float>) -> Void
    ) {
        let pieces = sumPieces
        Split(pieces: pieces).run(on: pool) {
            for piece in $0 {
                withUnsafePointer(to: tiling(tiles * piece / pieces..<tiles * (piece + 1) / pieces)) {
                    add($0, sums + piece * weightCount)
                }
            }
        }
        tensor_winograd_weight_gradient_f32(Int64(channels), Int64(outputs), Int64(pieces), sums, result)
    }
}

extension Shape {
    /// Of images [n, height, width, channels], without a last odd row and column.
    var withEvenSides: Shape { [self[0], self[1] / 2 * 2, self[2] / 2 * 2, self[3]] }
}

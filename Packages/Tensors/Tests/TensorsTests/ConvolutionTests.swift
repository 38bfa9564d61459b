import Tensors
import Testing

@Suite struct ConvolutionTests {
    /// The definition, in four loops.
    private func direct(_ x: [Double], _ xs: [Int], _ w: [Double], _ ws: [Int], stride: Int, padding: Int) -> [Double] {
        let (n, h, width, c) = (xs[0], xs[1], xs[2], xs[3]), (kh, kw, o) = (ws[0], ws[1], ws[3])
        let oh = (h + 2 * padding - kh) / stride + 1, ow = (width + 2 * padding - kw) / stride + 1
        var y = [Double](repeating: 0, count: n * oh * ow * o)
        for b in 0..<n {
            for i in 0..<oh {
                for j in 0..<ow {
                    for out in 0..<o {
                        for r in 0..<kh {
                            for s in 0..<kw {
                                let p = i * stride - padding + r, q = j * stride - padding + s
                                guard p >= 0, p < h, q >= 0, q < width else { continue }
                                for channel in 0..<c {
                                    y[((b * oh + i) * ow + j) * o + out] +=
                                        x[((b * h + p) * width + q) * c + channel]
                                        * w[((r * kw + s) * c + channel) * o + out]
                                }
                            }
                        }
                    }
                }
            }
        }
        return y
    }

    @Test(arguments: [(3, 3, 1, 1), (3, 3, 2, 1), (2, 5, 3, 2), (1, 1, 1, 0), (1, 1, 2, 0)]) func equalsItsDefinition(
        _ kh: Int, _ kw: Int, _ stride: Int, _ padding: Int
    ) {
        var random = RandomGenerator(seed: 4)
        let x = random.normal([2, 11, 9, 3], elementType: .float64),
            w = random.normal([kh, kw, 3, 5], elementType: .float64)
        let expected = direct(x.scalars, x.shape.extents, w.scalars, w.shape.extents, stride: stride, padding: padding)
        for (a, b) in zip(x.convolved(with: w, stride: stride, padding: padding).scalars, expected) {
            #expect(abs(a - b) < 1e-12)
        }
        for (a, b) in zip(
            x.converted(to: .float32).convolved(with: w.converted(to: .float32), stride: stride, padding: padding)
                .scalars, expected)
        { #expect(abs(a - b) < 1e-5) }
    }

    /// Float32 goes block by block, float64 at once; sizes that need several blocks.
    @Test func gradientsInFloat32AreThoseOfFloat64() {
        var random = RandomGenerator(seed: 5)
        let x = random.normal([3, 28, 28, 16], elementType: .float64).evaluated(),
            w = random.normal([3, 3, 16, 24], deviation: 0.1, elementType: .float64).evaluated()
        let u = random.normal([3, 28, 28, 24], elementType: .float64).evaluated()
        func gradients(_ type: ElementType) -> [[Double]] {
            let (x, w) = (x.converted(to: type).evaluated(), w.converted(to: type).evaluated())
            return pullback(
                of: [x.convolved(with: w, padding: 1)], cotangents: [u.converted(to: type)], withRespectTo: [x, w]
            ).map(\.scalars)
        }
        for (single, double) in zip(gradients(.float32), gradients(.float64)) {
            let scale = double.map(abs).max()!
            for (a, b) in zip(single, double) { #expect(abs(a - b) < 1e-5 * scale) }
        }
    }

    /// Sides that are no multiple of a tile's, paddings, more outputs than channels and fewer, one image and many,
    /// second derivatives (each part is an adjoint of the others).
    @Test(arguments: [
        (1, 3, 3, 16, 32, 1), (5, 4, 9, 32, 32, 1), (2, 11, 6, 32, 64, 0), (3, 10, 7, 64, 32, 2),
        (40, 14, 14, 64, 64, 1),
    ]) func tilesGiveWhatTheDefinitionDoes(
        _ n: Int, _ height: Int, _ width: Int, _ c: Int, _ o: Int, _ padding: Int
    ) {
        var random = RandomGenerator(seed: 7)
        let x = random.normal([n, height, width, c], elementType: .float64).evaluated(),
            w = random.normal([3, 3, c, o], deviation: 0.1, elementType: .float64).evaluated()
        func parts(_ type: ElementType, _ threads: Int) -> [[Double]] {
            let values = [x, w].map { $0.converted(to: type).evaluated() }
            let inputs = values.enumerated().map { $1.placeholder("\($0)") }
            let y = inputs[0].convolved(with: inputs[1], padding: padding)
            let slopes = pullback(of: [y], cotangents: [y.sin()], withRespectTo: inputs)
            let second = pullback(of: slopes, cotangents: inputs, withRespectTo: inputs)
            let program = Program(inputs: inputs, outputs: [y] + slopes + second)
            return program(values, pool: ThreadPool(threadCount: threads)).map(\.scalars)
        }
        let found = parts(.float32, 1)
        for (single, double) in zip(found, parts(.float64, 1)) {
            let scale = double.map(abs).max()!
            for (a, b) in zip(single, double) { #expect(abs(a - b) < 3e-5 * scale) }
        }
        #expect(found == parts(.float32, 3))
    }

    /// A block of a network as of few-shot learning, and its gradients; images that make several pieces of everything.
    @Test(arguments: [ElementType.float32, .float64]) func anyNumberOfThreadsGivesTheSameBits(_ type: ElementType) {
        var random = RandomGenerator(seed: 6)
        let values = [
            random.normal([6, 40, 40, 3], elementType: type), random.normal([3, 3, 3, 32], elementType: type),
            random.normal([3, 3, 32, 32], elementType: type), random.normal([1, 1, 32, 16], elementType: type),
        ]
        let inputs = values.enumerated().map { $1.placeholder("\($0)") }
        var y = inputs[0]
        for weight in inputs.dropFirst() {
            y = y.convolved(with: weight, padding: weight.shape[0] / 2)
            y = y - y.mean(axes: [0, 1, 2], keepingAxes: true)
            y = y.shape[1] > 20 ? y.maxPooled(size: 2).relu() : y.maxPooled(size: 3, stride: 1, padding: 1)
        }
        let program = Program(
            inputs: inputs, outputs: gradient(of: y.squared().sum(), withRespectTo: inputs) + [y])
        let alone = program(values).map(\.scalars)
        #expect(alone.allSatisfy { $0.allSatisfy(\.isFinite) })
        for threads in [1, 2, 3] {
            #expect(program(values, pool: ThreadPool(threadCount: threads)).map(\.scalars) == alone)
        }
    }

    /// One table is summed in parts that threads may share, each of two in one go.
    @Test(arguments: [(129, 5), (1000, 32), (17_000, 7), (16_384, 3)]) func sumsInPartsHaveTheBitsOfWholeSums(
        _ rows: Int, _ columns: Int
    ) {
        var random = RandomGenerator(seed: 7)
        let table = random.normal([rows, columns], elementType: .float32)
        let two = Tensor(concatenating: [table, table], axis: 0).reshaped(to: [2, rows, columns])
        let inParts = table.sum(axes: [0]).scalars
        #expect(two.sum(axes: [1]).scalars == inParts + inParts)
    }

    /// 5 rows in 3 windows: 0 ..< 2, 1 ..< 4, 3 ..< 5, as PyTorch's `adaptive_avg_pool2d` has them.
    @Test func adaptivePoolingSharesRowsBetweenWindows() {
        let x = Tensor([1.0, 2, 4, 8, 16] as [Double], shape: [1, 5, 1, 1])
        let means = x.adaptiveAveragePooled(rows: 3, columns: 1).scalars, expected = [1.5, 14.0 / 3, 12]
        #expect(zip(means, expected).allSatisfy { abs($0 - $1) < 1e-12 } && means.count == 3)
        let images = Tensor((0..<96).map { Double($0 * $0 % 37) }, shape: [2, 4, 6, 2])
        let adaptive = images.adaptiveAveragePooled(rows: 2, columns: 3).scalars,
            plain = images.averagePooled(size: 2).scalars
        #expect(zip(adaptive, plain).allSatisfy { abs($0 - $1) < 1e-12 } && adaptive.count == plain.count)
    }

    @Test func poolingTakesTheFirstOfEqualsAndIgnoresPadding() {
        let x = Tensor([-1.0, -2, -3, -4] as [Double], shape: [1, 2, 2, 1])
        #expect(x.maxPooled(size: 2, padding: 1).scalars == [-1, -2, -3, -4])
        let tie = Tensor([5.0, 5, 5, 5] as [Double], shape: [1, 2, 2, 1])
        #expect(gradient(of: tie.maxPooled(size: 2).sum(), withRespectTo: [tie])[0].scalars == [1, 0, 0, 0])
    }
}

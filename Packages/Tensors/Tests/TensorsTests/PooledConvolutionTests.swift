import Tensors
import Testing

/// A convolution with the 2 x 2 max pooling behind it, which may run in one pass (`PooledConvolution`).
@Suite struct PooledConvolutionTests {
    private struct Sizes: CustomTestStringConvertible {
        let n: Int, height: Int, width: Int, channels: Int, outputs: Int
        var testDescription: String { "\(n) x \(height) x \(width) x \(channels) to \(outputs)" }
    }

    private static let sizes = [
        Sizes(n: 1, height: 2, width: 2, channels: 1, outputs: 32),
        Sizes(n: 2, height: 3, width: 9, channels: 2, outputs: 64),
        Sizes(n: 9, height: 21, width: 21, channels: 3, outputs: 32),
        Sizes(n: 3, height: 28, width: 30, channels: 1, outputs: 64),
        Sizes(n: 2, height: 7, width: 70, channels: 4, outputs: 96),
        Sizes(n: 2, height: 6, width: 5, channels: 3, outputs: 16),
        Sizes(n: 3, height: 21, width: 21, channels: 32, outputs: 32),
        Sizes(n: 40, height: 14, width: 12, channels: 64, outputs: 64),
        Sizes(n: 2, height: 5, width: 9, channels: 16, outputs: 32),
    ]

    /// The pooled outputs, and derivatives to first and second order: with respect to the weight alone, where no
    /// cotangent of the outputs need be made, and to the images too.
    private func parts(_ x: Tensor, _ w: Tensor, _ type: ElementType, threads: Int) -> [[Double]] {
        let values = [x, w].map { $0.converted(to: type).evaluated() }
        let inputs = values.enumerated().map { $1.placeholder("\($0)") }
        let y = inputs[0].convolved(with: inputs[1], padding: 1).maxPooled(size: 2)
        func program(_ outputs: [Tensor]) -> [Tensor] {
            Program(inputs: inputs, outputs: outputs)(values, pool: ThreadPool(threadCount: threads))
        }
        let alone = pullback(of: [y], cotangents: [y.sin()], withRespectTo: [inputs[1]])
        let both = pullback(of: [y], cotangents: [y.cos()], withRespectTo: inputs)
        let second = pullback(of: both, cotangents: inputs, withRespectTo: inputs)
        return (program([y]) + program(alone) + program([y] + both) + program(second)).map(\.scalars)
    }

    @Test(arguments: sizes) private func onePassGivesWhatTwoDo(_ sizes: Sizes) {
        var random = RandomGenerator(seed: 11)
        let x = random.normal([sizes.n, sizes.height, sizes.width, sizes.channels], elementType: .float64).evaluated(),
            w = random.normal(
                [3, 3, sizes.channels, sizes.outputs], deviation: 0.1, elementType: .float64
            ).evaluated()
        let found = parts(x, w, .float32, threads: 1)
        for (single, double) in zip(found, parts(x, w, .float64, threads: 1)) {
            let scale = double.map(abs).max()!
            for (a, b) in zip(single, double) { #expect(abs(a - b) < 3e-5 * scale) }
        }
        for threads in [2, 3] { #expect(parts(x, w, .float32, threads: threads) == found) }
    }

    /// Outputs of a weight that is zero are equal everywhere: the first place of each window counts.
    @Test(arguments: [(1, 28), (3, 21), (32, 21)]) func theFirstOfEqualsCounts(_ channels: Int, _ side: Int) {
        var random = RandomGenerator(seed: 12)
        let x = random.normal([2, side, side, channels], elementType: .float32).evaluated(),
            w = Tensor.zeros([3, 3, channels, 32]).placeholder("w")
        let y = x.convolved(with: w, padding: 1).maxPooled(size: 2)
        let slope = Program(inputs: [w], outputs: gradient(of: y.sum(), withRespectTo: [w]))([
            Tensor.zeros([3, 3, channels, 32])
        ])[0].scalars
        let image = x.scalars
        for r in 0..<3 {
            for s in 0..<3 {
                for c in 0..<channels {
                    var expected = 0.0
                    for n in 0..<2 {
                        for i in 0..<side / 2 {
                            for j in 0..<side / 2 where 2 * i + r > 0 && 2 * j + s > 0 {
                                expected +=
                                    image[((n * side + 2 * i + r - 1) * side + 2 * j + s - 1) * channels + c]
                            }
                        }
                    }
                    #expect(abs(slope[((r * 3 + s) * channels + c) * 32] - expected) < 1e-3)
                }
            }
        }
    }

    /// What is not a number reaches every window that sees it, and none further away than a tile.
    @Test(arguments: [3, 32]) func whatIsNotANumberWins(_ channels: Int) {
        var random = RandomGenerator(seed: 13)
        let x = random.normal([1, 20, 20, channels], elementType: .float32),
            w = random.normal([3, 3, channels, 32], elementType: .float32)
        var spoiled = x.scalars.map { Float($0) }
        spoiled[(9 * 20 + 9) * channels] = .nan
        let clean = x.convolved(with: w, padding: 1).maxPooled(size: 2).scalars,
            found = Tensor(spoiled, shape: x.shape).convolved(with: w, padding: 1).maxPooled(size: 2).scalars
        for i in 0..<10 {
            for j in 0..<10 {
                let sees = (4...5) ~= i && (4...5) ~= j, isFar = !((2...7) ~= i && (2...7) ~= j)
                for o in 0..<32 {
                    let at = (i * 10 + j) * 32 + o
                    if sees { #expect(found[at].isNaN) }
                    if isFar { #expect(found[at] == clean[at]) }
                }
            }
        }
    }

    /// Images are read where they lie, channels first or last, to the same bits.
    @Test func layoutsOfImagesGiveTheSameBits() {
        var random = RandomGenerator(seed: 14)
        let last = random.normal([3, 20, 18, 3], elementType: .float32).evaluated(),
            first = last.permuted([0, 3, 1, 2]).evaluated(), w = random.normal([3, 3, 3, 32], elementType: .float32)
        func results(_ image: Tensor, _ axes: [Int]) -> [[Double]] {
            let x = image.placeholder("x"), weight = w.placeholder("w")
            let y = x.permuted(axes).convolved(with: weight, padding: 1).maxPooled(size: 2)
            let slope = gradient(of: y.squared().sum(), withRespectTo: [weight])
            return Program(inputs: [x, weight], outputs: [y] + slope)([image, w]).map(\.scalars)
        }
        #expect(results(first, [0, 2, 3, 1]) == results(last, [0, 1, 2, 3]))
    }

    /// Windows of more elements than a byte counts, overlapping and apart, reaching over the border.
    @Test(arguments: [(17, 17, 0), (17, 5, 8), (16, 16, 0), (3, 1, 1), (2, 3, 0)]) func anyWindowFindsItsLargest(
        _ size: Int, _ stride: Int, _ padding: Int
    ) {
        var random = RandomGenerator(seed: 15)
        let x = random.normal([2, 34, 36, 3], elementType: .float64).evaluated()
        let y = x.maxPooled(size: size, stride: stride, padding: padding), numbers = x.scalars
        var expected: [Double] = [], places = [Double](repeating: 0, count: x.count)
        for n in 0..<2 {
            for i in 0..<y.shape[1] {
                for j in 0..<y.shape[2] {
                    for c in 0..<3 {
                        var best = -1
                        for p in max(i * stride - padding, 0)..<min(i * stride - padding + size, 34) {
                            for q in max(j * stride - padding, 0)..<min(j * stride - padding + size, 36) {
                                let at = ((n * 34 + p) * 36 + q) * 3 + c
                                if best < 0 || numbers[at] > numbers[best] { best = at }
                            }
                        }
                        expected.append(numbers[best])
                        places[best] += 1
                    }
                }
            }
        }
        #expect(y.scalars == expected)
        #expect(gradient(of: y.sum(), withRespectTo: [x])[0].scalars == places)
    }
}

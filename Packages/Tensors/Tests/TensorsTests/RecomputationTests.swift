import Testing

@testable import Tensors

/// Large values that a few cheap operations make of what is read anyway are computed again, not written.
@Suite struct RecomputationTests {
    private static func numbers(_ shape: Shape, _ phase: Int, _ type: ElementType = .float32) -> Tensor {
        let values = (0..<shape.count).map { Double(($0 &* 7919 + phase * 31) % 1009) / 509 - 1 }
        return Tensor(values, shape: shape).converted(to: type).evaluated()
    }

    private static func normalized(_ x: Tensor) -> Tensor {
        let axes = Array(0..<(x.rank - 1)), centred = x - x.mean(axes: axes)
        return (centred / (centred.squared().mean(axes: axes) + 1e-5).sqrt()).relu()
    }

    @Test("batch normalization reads its input three times and writes its result alone")
    func normalizationWritesItsResultAlone() {
        let shape: Shape = [16, 24, 24, 32], x = Self.numbers(shape, 1).placeholder()
        let program = Program(inputs: [x], outputs: [Self.normalized(x)])
        #expect(program.arenaByteCount < shape.count * 4 / 2)
        let large = program.instructions.flatMap { instruction in
            instruction.writes.filter { $0 == 1 }
        }
        #expect(large == [1])
    }

    /// The same expressions below the size from which values are computed again, a slice of rows at a time where there
    /// is no sum over rows, and in float64.
    @Test("what is computed again gives the bits of what is written", arguments: [ElementType.float32, .float64])
    func bits(_ type: ElementType) {
        let rows = 4096, width = 32, block = 512
        let x = Self.numbers([rows, width], 1, type), g = Self.numbers([rows, width], 2, type),
            mean = Self.numbers([width], 3, type), scale = Self.numbers([width], 4, type)
        // Two chains with a sum between them: the second reads what the first computed.
        func first(_ x: Tensor, _ g: Tensor) -> (Tensor, Tensor) {
            let centred = x - mean, z = (centred * scale).relu()
            return (centred, z.squared().maximum(g) - z)
        }
        let inputs = [x, g].map { $0.placeholder() }
        let (centred, other) = first(inputs[0], inputs[1])
        let sum = (other * centred).sum(axes: [0])
        let whole = Program(inputs: inputs, outputs: [centred * sum + other, sum])
        let found = whole([x, g])
        // The sum as data, and few rows: one chain, nothing to compute again.
        var expected: [Double] = []
        for start in stride(from: 0, to: rows, by: block) {
            let parts = [x, g].map { $0.sliced(axis: 0, start..<start + block).evaluated() }
            let few = parts.map { $0.placeholder() }, (a, b) = first(few[0], few[1])
            expected += Program(inputs: few, outputs: [a * found[1] + b])(parts)[0].scalars
        }
        #expect(found[0].scalars == expected)
        #expect(whole.arenaByteCount < rows * width * type.byteCount)
        for threads in [2, 3] {
            #expect(whole([x, g], pool: ThreadPool(threadCount: threads)).map(\.scalars) == found.map(\.scalars))
        }
    }

    @Test("derivatives of a large normalized network of convolutions are those of float64")
    func derivatives() {
        var random = RandomGenerator(seed: 21)
        let values = [
            random.normal([12, 26, 26, 3], elementType: .float64), random.normal([3, 3, 3, 32], elementType: .float64),
            random.normal([3, 3, 32, 32], deviation: 0.1, elementType: .float64),
            random.normal([32], elementType: .float64),
        ].map { $0.evaluated() }
        func slopes(_ type: ElementType, _ threads: Int) -> [[Double]] {
            let data = values.map { $0.converted(to: type).evaluated() }, inputs = data.map { $0.placeholder() }
            var y = inputs[0].convolved(with: inputs[1], padding: 1) + inputs[3]
            y = Self.normalized(y).convolved(with: inputs[2], padding: 1).maxPooled(size: 2) + inputs[3]
            let loss = Self.normalized(y).squared().mean(axes: [1, 2]).sin().sum()
            let first = gradient(of: loss, withRespectTo: Array(inputs[1...]))
            let second = pullback(
                of: first, cotangents: Array(inputs[1...]), withRespectTo: Array(inputs[1...]))
            return Program(inputs: inputs, outputs: first + second)(data, pool: ThreadPool(threadCount: threads))
                .map(\.scalars)
        }
        let found = slopes(.float32, 1), expected = slopes(.float64, 1)
        // A bias before a normalization has derivative 0: there the others' rounding is what is left.
        let rounding = 1e-5 * expected.joined().map(abs).max()!
        for (single, double) in zip(found, expected) {
            let largest = double.map(abs).max()!
            for (a, b) in zip(single, double) { #expect(abs(a - b) < max(1e-3 * largest, rounding)) }
        }
        #expect(found == slopes(.float32, 3))
    }

    /// The linearization hands over mean and variance: the transposed program adds up no large table anew for them.
    @Test("sums of large tables are residuals")
    func sumsAreKept() {
        let x = Tensor.placeholder("x", shape: [16, 24, 24, 16]), w = Tensor.placeholder("w", shape: [3, 3, 16, 32])
        let y = Self.normalized(x.convolved(with: w, padding: 1))
        let kept = residuals(
            of: [y], for: pullback(of: [y], cotangents: [Self.numbers(y.shape, 5)], withRespectTo: [w]), price: 0)
        #expect(kept.filter { $0.operation is Reduce }.map(\.shape) == [[32], [32]])
    }
}

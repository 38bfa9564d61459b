import Testing

@testable import Tensors

/// Sums over all rows of what a chain computes, in the chain's own pass.
@Suite struct SummedChainTests {
    private static func numbers(_ shape: Shape, _ phase: Int, _ type: ElementType) -> Tensor {
        let values = (0..<shape.count).map { Double(($0 &* 7919 + phase * 31) % 1009) / 509 - 1 }
        return Tensor(values, shape: shape).converted(to: type).evaluated()
    }

    /// Rows that end within a block, within a part of blocks, and in the third part; narrow and wide ones.
    private static let shapes: [Shape] = [
        [5, 31, 29, 16], [4099, 24], [3, 75, 75, 48], [9, 64, 64, 17], [130, 1000], [25, 42, 42, 128],
    ]

    @Test("a chain's sums have the bits of sums of its results, on any number of threads", arguments: shapes)
    func bits(_ shape: Shape) {
        for type in [ElementType.float32, .float64] {
            let x = Self.numbers(shape, 1, type), y = Self.numbers(shape, 2, type),
                mean = Self.numbers([shape[-1]], 3, type)
            func chain(_ x: Tensor, _ y: Tensor, _ mean: Tensor) -> [Tensor] {
                let centred = x - mean, product = (centred * y + 0.5).relu()
                return [centred.squared(), product, centred]
            }
            let inputs = [x, y, mean].map { $0.placeholder() }, axes = Array(0..<(shape.rank - 1)),
                values = chain(inputs[0], inputs[1], inputs[2])
            // The first is summed only; the second summed, and read; the third only read.
            let program = Program(
                inputs: inputs, outputs: [values[0].sum(axes: axes), values[1].sum(axes: axes), values[1], values[2]])
            let whole = Program(inputs: inputs, outputs: values)([x, y, mean])
            func summed(_ value: Tensor) -> [Double] {
                let input = value.placeholder()
                return Program(inputs: [input], outputs: [input.sum(axes: axes)])([value])[0].scalars
            }
            let expected = [summed(whole[0]), summed(whole[1]), whole[1].scalars, whole[2].scalars]
            for threads in 1...3 {
                let pool = threads > 1 ? ThreadPool(threadCount: threads) : nil
                #expect(program([x, y, mean], pool: pool).map(\.scalars) == expected, "\(type), \(threads) threads")
            }
        }
    }

    @Test("what is only summed is never written whole")
    func memory() {
        let shape: Shape = [40, 40, 40, 32], x = Self.numbers(shape, 1, .float32).placeholder()
        let program = Program(inputs: [x], outputs: [(x.squared() + 1).log().sum(axes: [0, 1, 2])])
        #expect(program.instructions.count == 1)
        #expect(program.arenaByteCount < shape.count * 4 / 8)
        // Few rows stay two instructions.
        let few = Self.numbers([64, 32], 1, .float32).placeholder()
        #expect(Program(inputs: [few], outputs: [few.squared().sum(axes: [0])]).instructions.count == 2)
    }
}

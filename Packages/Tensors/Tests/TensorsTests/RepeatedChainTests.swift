import CTensorKernels
import Testing

@testable import Tensors

/// A chain that runs several times in one call does what as many single calls do, bit for bit.
@Suite struct RepeatedChainTests {
    static let functions = (0..<Int32(TENSOR_SIN_COS)).filter { $0 != Int32(TENSOR_COPY) }
    static let counts = Array(1...33) + [4000, 70_000]
    private let repeats = 7

    /// Bytes of a block of states, and the slots of a chain in it: 0 the state, 1 a constant, 2 the next state, 3 a
    /// second output.
    private struct Block {
        let count: Int, elementType: ElementType
        let states: Storage, constants: Storage, others: Storage

        init(count: Int, elementType: ElementType, repeats: Int, seed: Int) {
            (self.count, self.elementType) = (count, elementType)
            states = Storage(byteCount: (repeats + 1) * count * elementType.byteCount)
            constants = Storage(byteCount: count * elementType.byteCount)
            others = Storage(byteCount: 2 * count * elementType.byteCount)
            for storage in [states, constants, others] {
                for i in 0..<storage.byteCount / elementType.byteCount {
                    // Some are negative, some zero, and some so large that sine and cosine are the C library's.
                    let value = Double((i * 37 + seed * 11) % 41 - 20) / 8 * (i % 13 == 5 ? 1e7 : 1)
                    if elementType == .float64 {
                        storage.address.assumingMemoryBound(to: Double.self)[i] = value
                    } else {
                        storage.address.assumingMemoryBound(to: Float.self)[i] = Float(value)
                    }
                }
            }
        }

        var stride: Int { count * elementType.byteCount }

        var bytes: [[UInt8]] {
            [states, others].map { Array(UnsafeRawBufferPointer(start: $0.address, count: $0.byteCount)) }
        }
    }

    /// - Parameter steps: on registers 0 state, 1 constant, 2 a number, 3 next state, 4 second output, 5 … temporaries.
    private func chain(
        _ steps: [FusedChain.Step], shape: Shape, elementType: ElementType, constantStrides: [Int]? = nil
    ) -> FusedChain {
        let views = (0..<4).map { View.contiguous(slot: $0, shape: shape, elementType: elementType) }
        var constant = views[1]
        if let constantStrides { constant.strides = constantStrides }
        return FusedChain(
            shape: shape, elementType: elementType,
            sources: [.view(views[0]), .view(constant), .number(0.75)], outputs: [views[2], views[3]], registerCount: 8,
            steps: steps)
    }

    private func step(_ opcode: Int, _ target: Int, _ operands: Int...) -> FusedChain.Step {
        .init(opcode: Int32(opcode), target: target, operands: operands)
    }

    /// The states at a constant stride in one block, the second output in two buffers that change places.
    private func compare(_ chain: FusedChain, count: Int, _ elementType: ElementType, pool: ThreadPool? = nil) {
        let once = Block(count: count, elementType: elementType, repeats: repeats, seed: 3)
        let repeated = Block(count: count, elementType: elementType, repeats: repeats, seed: 3)
        let stride = once.stride
        var addresses = [once.states.address, once.constants.address, once.states.address, once.others.address]
        for repetition in 0..<repeats {
            addresses[0] = once.states.address + repetition * stride
            addresses[2] = once.states.address + (repetition + 1) * stride
            addresses[3] = once.others.address + repetition % 2 * stride
            addresses.withUnsafeMutableBufferPointer { chain(Memory(addresses: $0.baseAddress!, pool: pool)) }
        }
        addresses = [
            repeated.states.address, repeated.constants.address, repeated.states.address + stride,
            repeated.others.address,
        ]
        let states = Walk(stride: Int64(stride), odd: 0)
        addresses.withUnsafeMutableBufferPointer { addresses in
            chain.run(
                Memory(addresses: addresses.baseAddress!, pool: pool), repeats: repeats,
                walks: [states, .still, states, Walk(stride: 0, odd: Int64(stride))])
        }
        #expect(once.bytes == repeated.bytes, "\(count) elements of \(elementType)")
    }

    @Test(arguments: [ElementType.float32, .float64]) func everyFunctionHasTheBitsOfSingleRuns(_ type: ElementType) {
        for function in RepeatedChainTests.functions {
            // Once on what is in memory, and then with each operand being what the operation before has computed.
            let steps = [
                step(Int(function), 5, 0, 1, 2), step(Int(function), 6, 5, 0, 1), step(Int(function), 7, 1, 6, 2),
                step(Int(function), 4, 7, 7, 0), step(TENSOR_SUBTRACT, 5, 4, 0), step(TENSOR_COPY, 3, 5),
            ]
            for count in [1, 3, 4, 6, 8, 21] {
                compare(chain(steps, shape: [count], elementType: type), count: count, type)
            }
        }
    }

    @Test(arguments: [ElementType.float32, .float64]) func everyCountHasTheBitsOfSingleRuns(_ type: ElementType) {
        let steps = [
            step(TENSOR_MULTIPLY, 5, 0, 2), step(TENSOR_SIN, 6, 5), step(TENSOR_COS, 7, 5), step(TENSOR_ADD, 5, 6, 7),
            step(TENSOR_TANH, 4, 5), step(TENSOR_SUBTRACT, 3, 4, 1),
        ]
        let pool = ThreadPool(threadCount: 2)
        for count in RepeatedChainTests.counts {
            compare(chain(steps, shape: [count], elementType: type), count: count, type, pool: pool)
        }
    }

    /// Its strided input has a column of the constants, or one element, for all.
    @Test(arguments: [ElementType.float32, .float64]) func stridedInputsAreGathered(_ type: ElementType) {
        let steps = [step(TENSOR_MULTIPLY, 5, 0, 2), step(TENSOR_ADD, 4, 1, 5), step(TENSOR_EXP, 3, 4)]
        for (shape, strides) in [
            ([2, 3], [1, 2]), ([2, 3], [0, 1]), ([7], [0]), ([2, 2, 2], [1, 0, 2]), ([3, 9], [1, 3]),
        ] {
            compare(
                chain(steps, shape: Shape(shape), elementType: type, constantStrides: strides),
                count: shape.reduce(1, *), type)
        }
    }

    @Test func aChainOfManyOperationsHasTheBitsOfSingleRuns() {
        // More operations than are prepared at once.
        let steps = (0..<300).map {
            step($0 % 3 == 0 ? TENSOR_MULTIPLY : TENSOR_ADD, 5 + $0 % 3, 5 + ($0 + 2) % 3, $0 % 3)
        }
        let start = (5...7).map { step(TENSOR_COPY, $0, 0) }
        compare(
            chain(
                start + steps + [step(TENSOR_COPY, 3, 5), step(TENSOR_COPY, 4, 6)], shape: [1], elementType: .float64),
            count: 1, .float64)
    }

    @Test func noRepetitionWritesNothing() {
        let block = Block(count: 1, elementType: .float64, repeats: 1, seed: 1), before = block.bytes
        var addresses = [block.states.address, block.constants.address, block.states.address + 8, block.others.address]
        let copy = chain([step(TENSOR_COPY, 3, 0), step(TENSOR_COPY, 4, 1)], shape: [1], elementType: .float64)
        addresses.withUnsafeMutableBufferPointer {
            copy.run(
                Memory(addresses: $0.baseAddress!, pool: nil), repeats: 0,
                walks: [Walk](repeating: .still, count: 4))
        }
        #expect(block.bytes == before)
    }
}

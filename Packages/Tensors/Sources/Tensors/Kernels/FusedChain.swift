import CTensorKernels

/// A chain of elementwise operations over one shape, compiled for `tensor_fused`: its inputs may repeat or step through
/// memory in any order, its outputs are contiguous.
final class FusedChain: Sendable {
    enum Source {
        case view(View)
        case number(Double)
    }

    /// An operation on registers: 0 ..< inputs are the inputs, then the outputs, then temporaries.
    struct Step {
        let opcode: Int32
        let target: Int
        let operands: [Int]
    }

    static let registerLimit = Int(TENSOR_REGISTERS)

    let count: Int
    let operationCount: Int
    let elementType: ElementType
    let views: [View]  // of the inputs (numbers have a stand-in) and the outputs
    nonisolated(unsafe) let chain: UnsafeMutablePointer<tensor_fused_chain>
    private nonisolated(unsafe) let extents: UnsafeMutablePointer<Int64>
    private nonisolated(unsafe) let inputs: UnsafeMutablePointer<tensor_fused_input>
    private nonisolated(unsafe) let operations: UnsafeMutablePointer<tensor_micro_op>
    private nonisolated(unsafe) let strides: UnsafeMutablePointer<Int64>
    let split: Split

    init(shape: Shape, elementType: ElementType, sources: [Source], outputs: [View], registerCount: Int, steps: [Step])
    {
        require(registerCount <= FusedChain.registerLimit, "elementwise: a chain of \(registerCount) registers")
        count = shape.count
        operationCount = steps.count
        self.elementType = elementType
        let merged = FusedChain.mergedAxes(shape, sources)
        extents = .allocate(capacity: max(merged.extents.count, 1))
        for (i, extent) in merged.extents.enumerated() { extents[i] = Int64(extent) }
        inputs = .allocate(capacity: max(sources.count, 1))
        strides = .allocate(capacity: max(sources.count * merged.extents.count, 1))
        var views: [View] = []
        for (i, source) in sources.enumerated() {
            switch source {
            case .number(let value):
                inputs[i] = tensor_fused_input(kind: Int32(TENSOR_INPUT_VALUE), value: value, strides: nil)
                views.append(outputs[0])
            case .view(let view):
                let start = strides + i * merged.extents.count
                for (axis, stride) in merged.strides[i].enumerated() { start[axis] = Int64(stride) }
                let kind = view.isContiguous ? TENSOR_INPUT_CONTIGUOUS : TENSOR_INPUT_STRIDED
                inputs[i] = tensor_fused_input(kind: Int32(kind), value: 0, strides: start)
                views.append(view)
            }
        }
        let steps = FusedChain.joiningSineAndCosine(steps)
        operations = .allocate(capacity: max(steps.count, 1))
        for (i, step) in steps.enumerated() {
            func operand(_ j: Int) -> Int32 { Int32(step.operands[min(j, step.operands.count - 1)]) }
            operations[i] = tensor_micro_op(
                opcode: step.opcode, target: Int32(step.target), a: operand(0), b: operand(1), c: operand(2))
        }
        chain = .allocate(capacity: 1)
        chain.pointee = tensor_fused_chain(
            input_count: Int32(sources.count), output_count: Int32(outputs.count), register_count: Int32(registerCount),
            operation_count: Int32(steps.count), rank: Int32(merged.extents.count), extents: extents, inputs: inputs,
            operations: operations)
        self.views = views + outputs
        // What is not contiguous is gathered first.
        let gathered = sources.count { source in if case .view(let view) = source { !view.isContiguous } else { false }
        }
        split = Split(count: count, costPerItem: 2 * steps.count + 4 * gathered)
    }

    deinit {
        chain.deallocate()
        extents.deallocate()
        inputs.deallocate()
        operations.deallocate()
        strides.deallocate()
    }

    func callAsFunction(_ memory: Memory) {
        withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: views.count) { addresses in
            for i in 0..<views.count { addresses[i] = memory.addresses[views[i].slot] + views[i].byteOffset }
            run(addresses.baseAddress!, on: memory.pool)
        }
    }

    /// - Parameter addresses: of `views`.
    func run(_ addresses: UnsafePointer<UnsafeMutableRawPointer?>, on pool: ThreadPool?) {
        split.run(on: pool) { range in
            if elementType == .float64 {
                tensor_fused_f64(chain, addresses, Int64(range.lowerBound), Int64(range.upperBound))
            } else {
                tensor_fused_f32(chain, addresses, Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }

    /// A sine and a cosine of one register that follow each other become one operation with two targets, the second in
    /// `c`.
    private static func joiningSineAndCosine(_ steps: [Step]) -> [Step] {
        var result: [Step] = []
        for step in steps {
            if let last = result.last, last.operands.first == step.operands.first,
                Set([last.opcode, step.opcode]) == [Int32(TENSOR_SIN), Int32(TENSOR_COS)]
            {
                let isSineFirst = last.opcode == Int32(TENSOR_SIN), sine = isSineFirst ? last : step,
                    cosine = isSineFirst ? step : last
                result[result.count - 1] = Step(
                    opcode: Int32(TENSOR_SIN_COS), target: sine.target,
                    operands: [sine.operands[0], sine.operands[0], cosine.target])
            } else {
                result.append(step)
            }
        }
        return result
    }

    /// Neighbouring axes that every input steps through as one become one: fewer, longer runs.
    private static func mergedAxes(_ shape: Shape, _ sources: [Source]) -> (extents: [Int], strides: [[Int]]) {
        let views = sources.map { source in
            if case .view(let view) = source { view.strides } else { [Int](repeating: 0, count: shape.rank) }
        }
        var extents: [Int] = [], strides = [[Int]](repeating: [], count: sources.count)
        for axis in 0..<shape.rank where shape[axis] != 1 {
            let extent = shape[axis]
            if let last = extents.indices.last,
                strides.indices.allSatisfy({ strides[$0][last] == views[$0][axis] * extent })
            {
                extents[last] *= extent
                for i in strides.indices { strides[i][last] = views[i][axis] }
            } else {
                extents.append(extent)
                for i in strides.indices { strides[i].append(views[i][axis]) }
            }
        }
        if extents.isEmpty { return ([1], strides.map { _ in [0] }) }
        require(extents.count <= 8, "elementwise: more than 8 axes in \(shape)")
        return (extents, strides)
    }
}

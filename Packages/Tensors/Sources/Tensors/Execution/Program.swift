/// A compiled expression graph: a flat list of kernel calls over planned memory, to be run any number of times.
///
/// Compiling merges common work, drops work that nobody asks for, folds constants, multiplies chains of matrices in the
/// cheapest order, fuses elementwise chains and lets buffers share memory. A program is immutable; many threads may run
/// it, each with its own `Workspace`. Running allocates nothing.
public final class Program: Sendable {
    /// Of the inputs, in the order in which they were given.
    public let inputTypes: [(shape: Shape, elementType: ElementType)]
    /// Of the outputs, in the order in which they were given.
    public let outputTypes: [(shape: Shape, elementType: ElementType)]
    let instructions: [Instruction]
    let constants: [Storage]
    let constantSlots: [Int]
    let temporarySlots: [Int]
    let temporaryOffsets: [Int]
    let slotCount: Int
    /// Bytes of a workspace's temporaries.
    public let arenaByteCount: Int

    /// - Parameters:
    ///   - inputs: nodes (placeholders or leaves with data) whose values are given anew at every run.
    ///   - outputs: what to compute. Leaves below them that are not inputs are constants.
    ///   - compilation: what it shares with other programs.
    public convenience init(inputs: [Tensor], outputs: [Tensor], compilation: Compilation = Compilation()) {
        self.init(inputs: inputs, outputs: outputs, sharing: compilation)
    }

    /// - Parameter compilation: nil for a program that runs once: it folds nothing, and no factor is worth another
    ///   form.
    init(inputs: [Tensor], outputs: [Tensor], sharing compilation: Compilation?) {
        let placeholders = inputs.enumerated().map { $1.placeholder("\($0)") }
        let lowering = Lowering(
            inputs: placeholders,
            outputs: rewritten(outputs, inputs: inputs, as: placeholders, sharing: compilation),
            compilation: compilation)
        compilation?.use(lowering.constants)

        inputTypes = inputs.map { ($0.shape, $0.elementType) }
        outputTypes = outputs.map { ($0.shape, $0.elementType) }
        instructions = lowering.instructions
        constants = lowering.constants
        constantSlots = lowering.constantSlots
        slotCount = lowering.slotCount
        temporarySlots = lowering.temporaries.map(\.slot)
        let plan = MemoryPlan(lowering.temporaries, usedBy: instructions, slotCount: slotCount)
        temporaryOffsets = plan.offsets
        arenaByteCount = plan.byteCount
    }

    /// Runs once on values: the outputs as leaves.
    public func callAsFunction(
        _ inputs: [Tensor], pool: ThreadPool? = nil, file: StaticString = #fileID, line: UInt = #line
    ) -> [Tensor] {
        require(
            inputs.count == inputTypes.count, "program: \(inputs.count) values for \(inputTypes.count) inputs",
            file: file, line: line)
        let workspace = Workspace(self)
        let values = inputs.map { $0.evaluated() }  // alive until the run is over
        for (i, value) in values.enumerated() {
            require(
                value.shape == inputTypes[i].shape && value.elementType == inputTypes[i].elementType,
                "program: input \(i) is \(value.shape) \(value.elementType), "
                    + "not \(inputTypes[i].shape) \(inputTypes[i].elementType)", file: file, line: line)
            workspace.bind(slot: i, to: value.storage.address)
        }
        let results = outputTypes.map { Storage(byteCount: $0.shape.count * $0.elementType.byteCount) }
        for (i, result) in results.enumerated() { workspace.bind(slot: inputTypes.count + i, to: result.address) }
        workspace.run(on: pool)
        return withExtendedLifetime(values) {
            zip(results, outputTypes).map { Tensor(storage: $0, shape: $1.shape, elementType: $1.elementType) }
        }
    }

    /// Inputs and outputs: the slots that are bound anew.
    var boundCount: Int { inputTypes.count + outputTypes.count }

    /// Floating-point operations of one run.
    public var floatingPointOperations: Int { instructions.reduce(0) { $0 + $1.floatingPointOperations } }
}

extension Compilation {
    /// `outputs` as one program of these inputs computes them: simplified, constants folded, common work merged,
    /// products re-associated. Shows which values several outputs share, where the expressions as they were written do
    /// not have them.
    func rewritten(_ outputs: [Tensor], inputs: [Tensor]) -> [Tensor] {
        Tensors.rewritten(outputs, inputs: inputs, as: inputs, sharing: self)
    }
}

private func rewritten(
    _ outputs: [Tensor], inputs: [Tensor], as placeholders: [Tensor], sharing compilation: Compilation?
) -> [Tensor] {
    var table = ExpressionTable(compilation) { Program(inputs: [], outputs: [$0], sharing: nil)([])[0] }
    for (input, placeholder) in zip(inputs, placeholders) { table.declareInput(input, as: placeholder) }
    return reassociated(outputs.map { table.canonicalize($0) }, in: &table)
}

extension Program: CustomStringConvertible {
    /// The instructions with their shapes and floating-point operations. %0, %1, … are inputs, then outputs, constants,
    /// temporaries.
    public var description: String {
        let lines = instructions.map { "  \($0.text)    # \($0.floatingPointOperations) flop" }
        return """
            program: \(inputTypes.count) inputs, \(outputTypes.count) outputs, \(instructions.count) instructions, \
            \(floatingPointOperations) flop, \(arenaByteCount) bytes of temporaries
            \(lines.joined(separator: "\n"))
            """
    }
}

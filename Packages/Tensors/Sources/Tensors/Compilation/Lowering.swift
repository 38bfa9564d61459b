import CTensorKernels

/// Turns canonical expressions into instructions over slots: inputs, outputs, constants, then temporaries.
struct Lowering {
    private(set) var instructions: [Instruction] = []
    private(set) var constants: [Storage] = []
    private(set) var temporaries: [(slot: Int, byteCount: Int)] = []
    private(set) var slotCount: Int
    private(set) var constantSlots: [Int] = []

    private var constantOf: [Int: Storage] = [:]
    private var views: [ObjectIdentifier: View] = [:]
    private var outputSlots: [ObjectIdentifier: Int] = [:]
    private let groups: FusionGroups
    private let recomputation: Recomputation
    private let pooling: JoinedPooling
    private var consumersOutside: [ObjectIdentifier: Bool] = [:]
    /// Sums over the rows of a chain's results, which the chain computes.
    private var sumsOf: [ObjectIdentifier: [Tensor]] = [:]
    private let compilation: Compilation?

    /// - Parameter compilation: where special forms of constants are made; nil makes none.
    init(inputs: [Tensor], outputs: [Tensor], compilation: Compilation?) {
        self.compilation = compilation
        slotCount = inputs.count + outputs.count
        for (slot, input) in inputs.enumerated() {
            views[input.id] = .contiguous(slot: slot, shape: input.shape, elementType: input.elementType)
        }
        let order = topologicalOrder(of: outputs)
        groups = FusionGroups(order: order)
        recomputation = Recomputation(order: order, outputs: outputs, groups: groups)
        pooling = JoinedPooling(order: order, outputs: outputs)
        let computed = outputs.map(Lowering.withoutReshapes)
        for (i, node) in computed.enumerated()
        where node.operation is Elementwise || node.operation is any KernelOperation {
            // The first of equal outputs is computed in place, the others are copied.
            if outputSlots[node.id] == nil { outputSlots[node.id] = inputs.count + i }
        }
        for output in outputs { consumersOutside[output.id] = true }
        var nodes: [ObjectIdentifier: Tensor] = [:]
        for node in order { nodes[node.id] = node }
        func markRead(by node: Tensor, in group: Int) {
            for operand in node.operands
            where groups.groupOf[operand.id] != group && !recomputation.isComputedAgain(operand, in: group) {
                consumersOutside[operand.id] = true
            }
        }
        for node in order {
            guard let group = groups.groupOf[node.id] else { continue }
            if let operand = node.operands.first, FusionGroups.isSummed(operand, by: node) {
                sumsOf[operand.id, default: []].append(node)
            } else {
                markRead(by: node, in: group)
            }
        }
        for (group, again) in recomputation.nodes { for id in again { markRead(by: nodes[id]!, in: group) } }
        let dependencies: (Int) -> [Int] = { [groups] group in
            var seen = Set([group]), result: [Int] = []
            for node in groups.members[group] {
                for operand in node.operands where seen.insert(groups.groupOf[operand.id]!).inserted {
                    result.append(groups.groupOf[operand.id]!)
                }
            }
            return result
        }
        for group in groups.executionOrder(
            operandsOf: dependencies,
            roots: Lowering.cheapestFirst(outputs, order: order).map { groups.groupOf[$0.id]! })
        {
            lower(groups.members[group])
        }
        for (i, output) in outputs.enumerated() where outputSlots[computed[i].id] != inputs.count + i {
            emitCopy(
                of: views[output.id] ?? view(of: output),
                to: .contiguous(slot: inputs.count + i, shape: output.shape, elementType: output.elementType))
        }
    }

    /// The node whose elements, all and in order, are those of `output`: what it reshapes, or itself.
    private static func withoutReshapes(_ output: Tensor) -> Tensor {
        guard let operation = output.operation as? any ViewOperation else { return output }
        let operand = output.operands[0]
        let whole = View.contiguous(slot: 0, shape: operand.shape, elementType: operand.elementType)
        guard operand.count == output.count, let view = operation.view(of: whole, shape: output.shape),
            view.isContiguous, view.offset == 0
        else { return output }
        return withoutReshapes(operand)
    }

    /// Outputs by the operations below them: what small ones read is still in the cache when they are computed before
    /// the large ones, and its memory is free again sooner.
    private static func cheapestFirst(_ outputs: [Tensor], order: [Tensor]) -> [Tensor] {
        var number: [ObjectIdentifier: Int] = [:]
        for (i, node) in order.enumerated() { number[node.id] = i }
        // By number: a program may have thousands of outputs, each above all other nodes.
        let operands = order.map { $0.operands.map { number[$0.id]! } }, costs = order.map(\.floatingPointOperations)
        var visit = [Int](repeating: -1, count: order.count)
        let totals = outputs.enumerated().map { i, output in
            var total = 0, pending = [number[output.id]!]
            visit[pending[0]] = i
            while let node = pending.popLast() {
                total += costs[node]
                for operand in operands[node] where visit[operand] != i {
                    visit[operand] = i
                    pending.append(operand)
                }
            }
            return total
        }
        return outputs.indices.sorted { (totals[$0], $0) < (totals[$1], $1) }.map { outputs[$0] }
    }

    private mutating func lower(_ group: [Tensor]) {
        let node = group[0]
        // Computed by a chain, beside its places, or by what reads it.
        if (node.operation is Reduce || node.operation is PoolChoice) && views[node.id] != nil { return }
        if pooling.absorbed.contains(node.id) { return }
        switch node.operation {
        case is Elementwise: lowerChain(group)
        case let constant as Constant:
            let view = View.contiguous(slot: newSlot(), shape: node.shape, elementType: node.elementType)
            constants.append(constant.storage)
            constantSlots.append(view.slot)
            constantOf[view.slot] = constant.storage
            views[node.id] = view
        case is Fill, is Placeholder: break  // numbers are read where they are needed
        case let operation as any ViewOperation: lowerView(operation, node)
        case let operation as PoolPlaces: lowerPooling(operation, node)
        case let operation as any KernelOperation: lowerKernel(operation, node)
        default: stop("program: no way to run \(node.operation.name)")
        }
    }

    private mutating func lowerView(_ operation: any ViewOperation, _ node: Tensor) {
        let operand = view(of: node.operands[0])
        views[node.id] =
            operation.view(of: operand, shape: node.shape)
            ?? operation.view(of: copied(operand), shape: node.shape)!
    }

    /// Places and the largest in one pass, with the convolution before them where it has no other reader.
    private mutating func lowerPooling(_ operation: PoolPlaces, _ node: Tensor) {
        let pooled = node.operands[0], joined = pooling.convolutionOf[node.id]
        let operands: [View]
        if let joined {
            operands = pooled.operands.enumerated().map { accepted(view(of: $1), by: joined.accepts, operand: $0) }
        } else {
            operands = [accepted(view(of: pooled), by: operation.accepts, operand: 0)]
        }
        let largest = pooling.largestOf[node.id].map { newBuffer(for: $0) },
            places = pooling.placesRead.contains(node.id) ? newBuffer(for: node) : nil
        let results = [largest, places].compactMap { $0 }, comparisons = pooled.count
        guard let joined else {
            return emit(
                "maxPool", floatingPointOperations: comparisons, operands: operands, results: results,
                operation.kernel(of: operands[0], largest: largest, places: places))
        }
        let scratch = newTemporary(shape: [joined.scratchCount], elementType: pooled.elementType)
        emit(
            "convolution.forward maxPool",
            floatingPointOperations: comparisons
                + joined.convolution.floatingPointOperations(
                    operands: pooled.operands.map(\.shape), result: pooled.shape),
            operands: operands, results: results + [scratch], isProduct: true,
            joined.forwardKernel(operands[0], operands[1], largest: largest, places: places, scratch: scratch))
    }

    /// A part of a convolution that reads a cotangent as it was pooled.
    private mutating func lowerPooledBackward(_ joined: PooledConvolution, _ node: Tensor) {
        let index = 1 - joined.cotangentOperand, choice = node.operands[joined.cotangentOperand]
        let other = accepted(view(of: node.operands[index]), by: joined.accepts, operand: index)
        let pooled = choice.operands.map { operand in
            accepted(view(of: operand), by: { view, _ in view.isContiguous }, operand: 0)
        }
        let result = newBuffer(for: node),
            scratch = newTemporary(shape: [joined.scratchCount], elementType: node.elementType)
        emit(
            "poolScatter \(joined.convolution.name)",
            floatingPointOperations: joined.convolution.floatingPointOperations(
                operands: node.operands.map(\.shape), result: node.shape) + choice.count,
            operands: [other] + pooled, results: [result, scratch], isProduct: true,
            joined.backwardKernel(
                other, cotangent: pooled[0], places: pooled[1], result: result, scratch: scratch))
    }

    private mutating func accepted(_ view: View, by accepts: (View, Int) -> Bool, operand index: Int) -> View {
        accepts(view, index) ? view : copied(view)
    }

    private mutating func lowerKernel(_ operation: any KernelOperation, _ node: Tensor) {
        if let joined = pooling.backward[node.id] { return lowerPooledBackward(joined, node) }
        let operands = node.operands.enumerated().map { index, operand in
            accepted(view(of: operand), by: operation.accepts, operand: index)
        }
        let result = newBuffer(for: node), shapes = node.operands.map(\.shape)
        if let product = operation as? MatrixProduct,
            let special = specialProduct(product, operands: operands, result: result)
        {
            let scratch = newTemporary(shape: [special.scratchByteCount / 4], elementType: .int32)
            return emit(
                special.kind + product.name, floatingPointOperations: special.floatingPointOperations,
                operands: operands, results: [result, scratch],
                isProduct: true, special.kernel(scratch: scratch))
        }
        let bytes = operation.scratchByteCount(operands: shapes, result: node.shape, elementType: node.elementType)
        let scratch = bytes > 0 ? newTemporary(shape: [bytes / 4], elementType: .int32) : nil
        emit(
            operation.name,
            floatingPointOperations: operation.floatingPointOperations(operands: shapes, result: node.shape),
            operands: operands, results: [result] + (scratch.map { [$0] } ?? []),
            isProduct: operation is any ProductOperation,
            operation.kernel(operands: operands, result: result, scratch: scratch))
    }

    /// The view of a computed node; a number is written out the first time that a kernel needs it in memory.
    private mutating func view(of node: Tensor) -> View {
        if let view = views[node.id] { return view }
        guard let value = node.fillValue else {
            stop(
                "program: \(node.operation.name) \(node.shape) is neither computed nor among the inputs")
        }
        let result = newTemporary(shape: node.shape, elementType: node.elementType)
        if node.elementType == .int32 {
            let count = node.count
            emit("fill", floatingPointOperations: 0, operands: [], results: [result]) { memory in
                memory.pointer(result, as: Int32.self).update(repeating: Int32(value), count: count)
            }
        } else {
            emitChain(
                "fill", shape: node.shape, elementType: node.elementType, sources: [.number(value)], outputs: [result],
                registerCount: 2, steps: [.init(opcode: Int32(TENSOR_COPY), target: 1, operands: [0])])
        }
        views[node.id] = result
        return result
    }

    private func specialProduct(
        _ product: MatrixProduct, operands: [View], result: View
    ) -> (any SpecialProduct)? {
        let factors = ProductOperands(
            a: operands[0], transposesA: product.transposeA, b: operands[1], transposesB: product.transposeB)
        if let compilation {
            let sparse = SparseProduct(factors, result: result) { view, layout in
                constantOf[view.slot].flatMap { compilation.sparse($0, layout) }
            }
            if let sparse { return sparse }
        }
        return FewRowsProduct(factors, result: result)
    }

    // MARK: Chains

    /// What a group's chain computes, in order: whatever its results need, also of other groups what is computed again.
    private func members(of own: [Tensor]) -> [Tensor] {
        let group = groups.groupOf[own[0].id]!
        func isMade(_ node: Tensor) -> Bool {
            groups.groupOf[node.id] == group || recomputation.isComputedAgain(node, in: group)
        }
        var result: [Tensor] = [], placed = Set<ObjectIdentifier>()
        // Operands before what reads them; an explicit stack, since chains may be long.
        func place(_ node: Tensor) {
            var stack = [(node, false)]
            while let (node, isReady) = stack.popLast() {
                if isReady { if placed.insert(node.id).inserted { result.append(node) } }
                if isReady || placed.contains(node.id) { continue }
                stack.append((node, true))
                stack += node.operands.reversed().filter { isMade($0) && !placed.contains($0.id) }.map { ($0, false) }
            }
        }
        for node in own where isResult(node) { place(node) }
        return result
    }

    /// Whether it is read, or summed, outside its chain.
    private func isResult(_ node: Tensor) -> Bool { consumersOutside[node.id] == true || sumsOf[node.id] != nil }

    private mutating func lowerChain(_ group: [Tensor]) {
        let members = withSineBesideCosine(self.members(of: group))
        guard !members.isEmpty else { return }  // only computed again elsewhere
        let memberIDs = Set(members.map(\.id))
        var sources: [FusedChain.Source] = [], inputRegister: [ObjectIdentifier: Int] = [:]
        for member in members {
            for operand in member.operands where !memberIDs.contains(operand.id) && inputRegister[operand.id] == nil {
                inputRegister[operand.id] = sources.count
                sources.append(operand.fillValue.map(FusedChain.Source.number) ?? .view(view(of: operand)))
            }
        }
        let results = members.filter { isResult($0) && groups.groupOf[$0.id] == groups.groupOf[group[0].id] }
        let sums = results.enumerated().flatMap { i, result in (sumsOf[result.id] ?? []).map { (output: i, node: $0) } }
        var scratch: View?
        if !sums.isEmpty, let table = SummedChain.table(of: members[0].shape) {
            let count = SummedChain.scratchCount(rows: table.rows, width: table.width, sums: sums.count)
            scratch = newTemporary(shape: [count], elementType: members[0].elementType)
        }
        func isWritten(_ result: Tensor) -> Bool { consumersOutside[result.id] == true }
        let outputs = results.map { isWritten($0) ? newBuffer(for: $0) : scratch! }
        let summed = sums.map { output, node in
            SummedChain.Sum(output: output, isWritten: isWritten(results[output]), result: newBuffer(for: node))
        }
        var register = inputRegister
        for (i, result) in results.enumerated() { register[result.id] = sources.count + i }

        // Temporaries take the lowest free register.
        var lastUse: [ObjectIdentifier: Int] = [:]
        for (step, member) in members.enumerated() { for operand in member.operands { lastUse[operand.id] = step } }
        let firstTemporary = sources.count + outputs.count
        var isFree: [Bool] = [], steps: [FusedChain.Step] = []
        for (index, member) in members.enumerated() {
            if register[member.id] == nil {
                let free = isFree.firstIndex(of: true) ?? isFree.count
                if free == isFree.count { isFree.append(false) } else { isFree[free] = false }
                register[member.id] = firstTemporary + free
            }
            let function = (member.operation as! Elementwise).function
            steps.append(
                .init(
                    opcode: function.rawValue, target: register[member.id]!,
                    operands: member.operands.map { register[$0.id]! }))
            for operand in member.operands where lastUse[operand.id] == index && register[operand.id]! >= firstTemporary
            {
                isFree[register[operand.id]! - firstTemporary] = true
            }
        }
        let names = members.map(\.operation.name).joined(separator: " ")
        emitChain(
            names, shape: members[0].shape, elementType: members[0].elementType, sources: sources, outputs: outputs,
            registerCount: firstTemporary + isFree.count, steps: steps, sums: summed, scratch: scratch)
    }

    /// Moves a sine next to the cosine of the same operand, and the other way round: both together cost little more
    /// than one.
    private func withSineBesideCosine(_ members: [Tensor]) -> [Tensor] {
        func function(_ node: Tensor) -> Elementwise.Function { (node.operation as! Elementwise).function }
        var result: [Tensor] = [], placed = Set<ObjectIdentifier>()
        for member in members where placed.insert(member.id).inserted {
            result.append(member)
            guard function(member) == .sin || function(member) == .cos else { continue }
            let partner = members.first {
                !placed.contains($0.id) && [.sin, .cos].contains(function($0))
                    && $0.operands[0].id == member.operands[0].id
            }
            if let partner, placed.insert(partner.id).inserted { result.append(partner) }
        }
        return result
    }

    private mutating func emitChain(
        _ name: String, shape: Shape, elementType: ElementType, sources: [FusedChain.Source], outputs: [View],
        registerCount: Int, steps: [FusedChain.Step], sums: [SummedChain.Sum] = [], scratch: View? = nil
    ) {
        let chain = FusedChain(
            shape: shape, elementType: elementType, sources: sources, outputs: outputs, registerCount: registerCount,
            steps: steps)
        let operands = sources.compactMap { source in if case .view(let view) = source { view } else { nil } }
        if let scratch, let table = SummedChain.table(of: shape) {
            let summed = SummedChain(chain, sums, rows: table.rows, width: table.width, scratch: scratch),
                written = outputs.filter { $0.slot != scratch.slot }
            return emit(
                name + " sum", floatingPointOperations: shape.count * (steps.count + sums.count), operands: operands,
                results: written + sums.map(\.result) + [scratch]
            ) { summed($0) }
        }
        emit(name, floatingPointOperations: shape.count * steps.count, operands: operands, results: outputs) {
            chain($0)
        }
        instructions[instructions.count - 1].chain = chain
    }

    // MARK: Buffers

    private mutating func copied(_ view: View) -> View {
        let result = newTemporary(shape: view.shape, elementType: view.elementType)
        emitCopy(of: view, to: result)
        return result
    }

    private mutating func emitCopy(of view: View, to result: View) {
        let copy = StridedCopy(from: view, to: result)
        emit("copy", floatingPointOperations: 0, operands: [view], results: [result]) { copy($0) }
    }

    private mutating func newSlot() -> Int {
        slotCount += 1
        return slotCount - 1
    }

    private mutating func newTemporary(shape: Shape, elementType: ElementType) -> View {
        let slot = newSlot()
        temporaries.append((slot, shape.count * elementType.byteCount))
        return .contiguous(slot: slot, shape: shape, elementType: elementType)
    }

    private mutating func newBuffer(for node: Tensor) -> View {
        let view =
            outputSlots[node.id].map { View.contiguous(slot: $0, shape: node.shape, elementType: node.elementType) }
            ?? newTemporary(shape: node.shape, elementType: node.elementType)
        views[node.id] = view
        return view
    }

    private mutating func emit(
        _ name: String, floatingPointOperations: Int, operands: [View], results: [View], isProduct: Bool = false,
        _ kernel: @escaping Kernel
    ) {
        let reads = operands.map { "%\($0.slot)\($0.shape)" }.joined(separator: " "),
            writes = results.map { "%\($0.slot)\($0.shape)" }.joined(separator: " ")
        instructions.append(
            Instruction(
                text: "\(writes) = \(name) \(reads)", floatingPointOperations: floatingPointOperations,
                reads: operands.map(\.slot), writes: results.map(\.slot), kernel: kernel, isProduct: isProduct))
    }
}

/// What chains compute again instead of reading it: large values that a few cheap operations make of what is read
/// anyway, or of one other large value. Writing a value and reading it back costs more than those operations, and the
/// memory that it would take stays free.
///
/// The derivative of relu is computed again from the activations in any size (`FusionGroups.isComputedAgain`).
struct Recomputation {
    /// By group: nodes of other groups that its chain computes itself.
    private(set) var nodes: [Int: Set<ObjectIdentifier>] = [:]

    /// Elements from which it pays: more than the caches that are near.
    private static let smallestCount = 65_536
    /// Operations that a value may take.
    private static let longest = 10

    private let groups: FusionGroups
    private var tensors: [ObjectIdentifier: Tensor] = [:]

    init(order: [Tensor], outputs: [Tensor], groups: FusionGroups) {
        self.groups = groups
        for node in order {
            for operand in node.operands where isForeign(operand, to: node) {
                if FusionGroups.isComputedAgain(operand, for: node) { insert(operand, in: group(of: node)) }
            }
        }
        guard order.contains(where: { $0.operation is Elementwise && $0.count >= Self.smallestCount }) else { return }
        var readers: [ObjectIdentifier: [Tensor]] = [:]
        for node in order { for operand in node.operands { readers[operand.id, default: []].append(node) } }
        let given = Set(outputs.map(\.id))
        for node in order where node.count >= Self.smallestCount && Self.isCheap(node) && !given.contains(node.id) {
            let own = group(of: node)
            let outside = (readers[node.id] ?? []).filter {
                group(of: $0) != own && !FusionGroups.isSummed(node, by: $0)
            }
            guard !outside.isEmpty, outside.allSatisfy({ $0.operation is Elementwise && $0.shape == node.shape }) else {
                continue
            }
            // Also those that compute again what reads it.
            let reading = Set(outside.map { group(of: $0) }).union(
                nodes.keys.filter { $0 != own && reads(node, in: $0) })
            computeAgain(node, in: reading.sorted())
        }
    }

    func isComputedAgain(_ node: Tensor, in group: Int) -> Bool { nodes[group]?.contains(node.id) == true }

    private func group(of node: Tensor) -> Int { groups.groupOf[node.id]! }
    private func isForeign(_ operand: Tensor, to node: Tensor) -> Bool { group(of: operand) != group(of: node) }

    private mutating func insert(_ node: Tensor, in group: Int) {
        tensors[node.id] = node
        nodes[group, default: []].insert(node.id)
    }

    /// The members of a group and what it computes again.
    private func computed(in group: Int) -> [Tensor] {
        groups.members[group] + (nodes[group] ?? []).map { tensors[$0]! }
    }

    private func reads(_ node: Tensor, in group: Int) -> Bool {
        computed(in: group).contains { $0.operands.contains { $0.id == node.id } }
    }

    private static func isCheap(_ node: Tensor) -> Bool {
        switch (node.operation as? Elementwise)?.function {
        case .negate, .absolute, .sign, .relu, .step, .add, .subtract, .multiply, .maximum, .minimum, .less,
            .lessOrEqual, .equal, .select:
            true
        default: false
        }
    }

    /// Whether reading it is reading much: not a number, nor a row for all.
    private static func isLarge(_ leaf: Tensor) -> Bool {
        var base = leaf
        while base.operation is any ViewOperation { base = base.operands[0] }
        return base.fillValue == nil && base.count > leaf.count / 4
    }

    /// The operations that make it, itself among them, down to what is not cheap; nil where there are too many.
    private func making(_ node: Tensor) -> [Tensor]? {
        var found = [node], seen = Set([node.id]), next = 0
        while next < found.count {
            for operand in found[next].operands
            where operand.shape == node.shape && Self.isCheap(operand) && seen.insert(operand.id).inserted {
                found.append(operand)
            }
            if found.count > Self.longest { return nil }
            next += 1
        }
        return found
    }

    /// All of these groups do, or none: only then is it never written.
    private mutating func computeAgain(_ node: Tensor, in reading: [Int]) {
        guard let making = making(node) else { return }
        let made = Set(making.map(\.id))
        let leaves = making.flatMap(\.operands).filter { !made.contains($0.id) }
        var additional = Set<ObjectIdentifier>()
        for group in reading {
            let own = computed(in: group)
            let inputs = Set((own + own.flatMap(\.operands)).map(\.id))
            for leaf in leaves where Self.isLarge(leaf) && !inputs.contains(leaf.id) { additional.insert(leaf.id) }
            if inputs.union(made).union(leaves.map(\.id)).count > FusedChain.registerLimit { return }
        }
        guard additional.count <= 1 else { return }
        for group in reading {
            for node in making where self.group(of: node) != group { insert(node, in: group) }
        }
    }
}

import CTensorKernels

/// Groups elementwise operations that run as one chain, so that intermediate values never leave the cache.
///
/// A group has one shape and one element type. Two groups are joined along an edge between them unless that would make
/// the groups depend on each other in a circle.
struct FusionGroups {
    private(set) var groupOf: [ObjectIdentifier: Int] = [:]
    private(set) var members: [[Tensor]] = []
    private var consumers: [Set<Int>] = []

    /// Nodes of a chain.
    private static let largest = 32

    init(order: [Tensor]) {
        for node in order {
            groupOf[node.id] = members.count
            members.append([node])
            consumers.append([])
        }
        for node in order { for operand in node.operands { consumers[groupOf[operand.id]!].insert(groupOf[node.id]!) } }
        for node in order where node.operation is Elementwise {
            for operand in node.operands where operand.operation is Elementwise && operand.shape == node.shape {
                join(groupOf[operand.id]!, groupOf[node.id]!)
            }
        }
    }

    private mutating func join(_ producer: Int, _ consumer: Int) {
        guard producer != consumer, members[producer].count + members[consumer].count <= FusionGroups.largest,
            registerBound(members[producer] + members[consumer]) <= FusedChain.registerLimit,
            !reachesAnotherWay(from: producer, to: consumer)
        else { return }
        for node in members[consumer] { groupOf[node.id] = producer }
        members[producer] += members[consumer]
        members[consumer] = []
        consumers[producer].formUnion(consumers[consumer])
        consumers[producer].subtract([producer, consumer])
        consumers[consumer] = []
        for i in consumers.indices where consumers[i].remove(consumer) != nil && i != producer {
            consumers[i].insert(producer)
        }
    }

    /// A register for each node and each operand from outside, two for one that the chain computes again.
    private func registerBound(_ nodes: [Tensor]) -> Int {
        var seen = Set(nodes.map(\.id)), count = nodes.count
        for node in nodes {
            for operand in node.operands where seen.insert(operand.id).inserted {
                count += FusionGroups.isComputedAgain(operand, for: node) ? 2 : 1
            }
        }
        return count
    }

    /// Whether a chain computes this operand from another group itself instead of reading it: the derivative of relu
    /// from the activations, which others read too.
    static func isComputedAgain(_ operand: Tensor, for node: Tensor) -> Bool {
        (operand.operation as? Elementwise)?.function == .step && node.operation is Elementwise
            && node.shape == operand.shape
    }

    private func reachesAnotherWay(from producer: Int, to consumer: Int) -> Bool {
        var stack = consumers[producer].filter { $0 != consumer }, seen = Set(stack)
        while let group = stack.popFirst() {
            if group == consumer { return true }
            for next in consumers[group] where seen.insert(next).inserted { stack.insert(next) }
        }
        return false
    }

    /// Groups in an order of execution, each after those that it reads.
    func executionOrder(operandsOf: (Int) -> [Int], roots: [Int]) -> [Int] {
        var order: [Int] = [], state = [Int: Bool]()
        var stack = roots.reversed().map { ($0, false) }
        while let (group, isExpanded) = stack.popLast() {
            if isExpanded {
                order.append(group)
                continue
            }
            if state[group] != nil { continue }
            state[group] = true
            stack.append((group, true))
            for operand in operandsOf(group).reversed() where state[operand] == nil { stack.append((operand, false)) }
        }
        return order
    }
}

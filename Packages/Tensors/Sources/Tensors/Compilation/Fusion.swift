import CTensorKernels

/// Groups elementwise operations that run as one chain, so that intermediate values never leave the cache.
///
/// A group has one shape and one element type. Two groups are joined along an edge between them unless that would make
/// the groups depend on each other in a circle. The time is linear in the number of nodes: what a join looks at is
/// bounded, and where the bound is met the groups stay apart.
struct FusionGroups {
    private(set) var groupOf: [ObjectIdentifier: Int] = [:]
    /// In the order of execution.
    private(set) var members: [[Tensor]]

    /// Nodes of a chain.
    private static let largest = 32
    /// Edges that the search for a way around looks at, at most.
    private static let searchLimit = 1024

    init(order: [Tensor]) {
        var joining = Joining(order: order)
        for (consumer, node) in order.enumerated() where node.operation is Elementwise {
            for (producer, operand) in zip(joining.operands[consumer], node.operands)
            where operand.operation is Elementwise && operand.shape == node.shape {
                joining.join(producer, consumer)
            }
        }
        members = joining.members.map { $0.sorted().map { order[$0] } }
        groupOf.reserveCapacity(order.count)
        for (i, node) in order.enumerated() { groupOf[node.id] = joining.groupOf[i] }
    }

    /// Whether a chain computes this operand from another group itself instead of reading it: the derivative of relu
    /// from the activations, which others read too.
    static func isComputedAgain(_ operand: Tensor, for node: Tensor) -> Bool {
        (operand.operation as? Elementwise)?.function == .step && node.operation is Elementwise
            && node.shape == operand.shape
            // Its own operand would have to be computed again before it.
            && (operand.operands[0].operation as? Elementwise)?.function != .step
    }

    /// Whether the operand's chain computes this sum of it: over all rows, to a number for each column.
    static func isSummed(_ operand: Tensor, by node: Tensor) -> Bool {
        guard let sum = node.operation as? Reduce, operand.operation is Elementwise else { return false }
        return sum.function == .sum && sum.axes == 0..<(operand.shape.rank - 1)
            && SummedChain.table(of: operand.shape) != nil
    }

    /// Groups in an order of execution, each after those that it reads.
    func executionOrder(operandsOf: (Int) -> [Int], roots: [Int]) -> [Int] {
        var order: [Int] = [], isSeen = [Bool](repeating: false, count: members.count)
        var stack = roots.reversed().map { ($0, false) }
        while let (group, isExpanded) = stack.popLast() {
            if isExpanded {
                order.append(group)
                continue
            }
            if isSeen[group] { continue }
            isSeen[group] = true
            stack.append((group, true))
            for operand in operandsOf(group).reversed() where !isSeen[operand] { stack.append((operand, false)) }
        }
        return order
    }

    /// Nodes and groups by number: a node's is its place in the order, a group's that of one of its nodes.
    private struct Joining {
        let operands: [[Int]]
        private(set) var groupOf: [Int]
        private(set) var members: [[Int]]
        private let consumers: [[Int]]  // of each node, ascending
        private let registersOutside: [[Int]]  // those that an operand takes when it is no member
        private var mark: [Int], time = 0

        init(order: [Tensor]) {
            var number: [ObjectIdentifier: Int] = [:], consumers = [[Int]](repeating: [], count: order.count)
            number.reserveCapacity(order.count)
            for (i, node) in order.enumerated() { number[node.id] = i }
            operands = order.map { $0.operands.map { number[$0.id]! } }
            for (i, operands) in operands.enumerated() {
                for operand in operands where consumers[operand].last != i { consumers[operand].append(i) }
            }
            registersOutside = order.map { node in
                node.operands.map { FusionGroups.isComputedAgain($0, for: node) ? 2 : 1 }
            }
            self.consumers = consumers
            groupOf = Array(order.indices)
            members = order.indices.map { [$0] }
            mark = [Int](repeating: 0, count: order.count)
        }

        /// Joins the groups of two nodes where one reads the other; all nodes behind the reader still stand alone.
        mutating func join(_ producerNode: Int, _ consumerNode: Int) {
            let producer = groupOf[producerNode], consumer = groupOf[consumerNode]
            guard producer != consumer, members[producer].count + members[consumer].count <= FusionGroups.largest,
                registerBound(members[producer] + members[consumer]) <= FusedChain.registerLimit,
                !mayReachAnotherWay(from: producer, to: consumer, before: consumerNode)
            else { return }
            for node in members[consumer] { groupOf[node] = producer }
            members[producer] += members[consumer]
            members[consumer] = []
        }

        /// A register for each node and each operand from outside, two for one that the chain computes again.
        private mutating func registerBound(_ nodes: [Int]) -> Int {
            time += 1
            for node in nodes { mark[node] = time }
            var count = nodes.count
            for node in nodes {
                for (operand, registers) in zip(operands[node], registersOutside[node]) where mark[operand] != time {
                    mark[operand] = time
                    count += registers
                }
            }
            return count
        }

        /// Whether the consumer's group can be reached from the producer's through a third one, or the search for such
        /// a way was given up. Nodes behind `last` stand alone and are read by nodes behind them only.
        private mutating func mayReachAnotherWay(from producer: Int, to consumer: Int, before last: Int) -> Bool {
            time += 1
            mark[producer] = time
            var pending = [producer], looks = 0
            while let group = pending.popLast() {
                for node in members[group] {
                    for reader in consumers[node] {
                        if reader > last { break }
                        looks += 1
                        if looks > FusionGroups.searchLimit { return true }
                        let next = groupOf[reader]
                        if next == consumer {
                            if group != producer { return true }
                        } else if mark[next] != time {
                            mark[next] = time
                            pending.append(next)
                        }
                    }
                }
            }
            return false
        }
    }
}

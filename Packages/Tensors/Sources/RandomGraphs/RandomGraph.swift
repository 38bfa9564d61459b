import Tensors

/// A random graph from a seed, at a point that keeps clear of kinks, so that finite differences can judge it.
///
/// Nodes are drawn one after the other and evaluated at once: a node whose value is not finite or large, or that
/// decides something by a narrow margin, is drawn again.
package struct RandomGraph {
    /// How the leaves are sized.
    package enum Size: Sendable {
        /// Axes of 1 to 4 elements.
        case small
        /// Tensors of some hundred thousand elements, whose kernels are cut into pieces. Kinks are not looked for.
        case large
    }

    let size: Size
    var random: SplitMix64
    var nodes: [GraphNode] = []
    /// The nodes' values: leaves with data.
    var values: [Tensor] = []
    var dependsOnVariable: [Bool] = []
    /// Results of comparisons: 0 or 1, locally constant.
    var isMask: [Bool] = []
    var variableElements = 0

    /// - Parameter operations: how many operations to apply; those that nothing leads to an output are dropped.
    package static func draw(seed: UInt64, operations: Int, size: Size = .small) -> GraphDescription {
        var graph = RandomGraph(size: size, random: SplitMix64(state: seed))
        graph.leaf(size == .small ? [3, 4] : [260, 300], .variable)
        graph.leaf(graph.drawnShape(), .variable)
        var applied = 0
        while applied < operations {
            let count = graph.nodes.count
            if let application = graph.proposal(graph.pick(GraphOperation.allCases)), graph.append(application) {
                applied += 1
            } else {
                graph.truncate(to: count)
            }
        }
        let results = graph.nodes.indices.filter { graph.dependsOnVariable[$0] && graph.isFloatingPoint($0) }
        let outputs = Set([results.last!, graph.pick(results)])
        return GraphDescription(type: .float64, nodes: graph.nodes, outputs: outputs.sorted())
    }

    private init(size: Size, random: SplitMix64) {
        self.size = size
        self.random = random
    }

    // MARK: Nodes

    /// The number of a new leaf of numbers in [-1.5, 1.5], at least 0.05 from 0.
    @discardableResult
    mutating func leaf(_ shape: [Int], _ role: GraphLeaf.Role? = nil) -> Int {
        let count = shape.reduce(1, *)
        let isVariable = variableElements + count <= 60 || size == .large
        let role = role ?? (isVariable && random.below(3) > 0 ? .variable : .constant)
        if role == .variable { variableElements += count }
        let scalars = (0..<max(1, min(count, 1009))).map { _ in
            let value = 3 * random.uniform() - 1.5
            return abs(value) < 0.05 ? value + 0.1 : value
        }
        return append(GraphLeaf(role, shape: shape, values: scalars))
    }

    /// The number of a new leaf of `count` int32 numbers in 0 ..< `bound`.
    mutating func indices(_ count: Int, below bound: Int) -> Int {
        let scalars = (0..<max(1, min(count, 1009))).map { _ in Double(random.below(bound)) }
        return append(GraphLeaf(.indices, shape: [count], values: scalars))
    }

    private mutating func append(_ leaf: GraphLeaf) -> Int {
        nodes.append(.leaf(leaf))
        values.append(leaf.tensor(type: .float64))
        dependsOnVariable.append(leaf.leaf == .variable)
        isMask.append(false)
        return nodes.count - 1
    }

    /// Whether the operation may stay.
    private mutating func append(_ application: GraphApplication) -> Bool {
        let operands = application.operands.map { values[$0] }
        guard let value = try? application.applied(to: operands, type: .float64).evaluated() else { return false }
        if size == .small, value.count > 400 { return false }
        let scalars = value.scalars
        guard value.count > 0, value.count <= 200_000, scalars.allSatisfy({ $0.isFinite && abs($0) < 20 }) else {
            return false
        }
        guard size == .large || application.keepsClear(of: operands, result: value) else { return false }
        nodes.append(.application(application))
        values.append(value)
        // What locally never changes has no derivative, and stopGradient may hide nothing else.
        let isStep = application.operation.isLocallyConstant
        dependsOnVariable.append(!isStep && application.operands.contains { dependsOnVariable[$0] })
        isMask.append(isStep && value.elementType.isFloatingPoint)
        return true
    }

    private mutating func truncate(to count: Int) {
        for case .leaf(let leaf) in nodes[count...] where leaf.leaf == .variable {
            variableElements -= leaf.shape.reduce(1, *)
        }
        nodes.removeSubrange(count...)
        values.removeSubrange(count...)
        dependsOnVariable.removeSubrange(count...)
        isMask.removeSubrange(count...)
    }

    // MARK: Choices

    func isFloatingPoint(_ node: Int) -> Bool { values[node].elementType == .float64 }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[random.below(elements.count)] }

    mutating func drawnShape(rank: Int? = nil) -> [Int] {
        let rank = rank ?? random.below(4)
        if size == .large {
            return pick([[260, 300], [300], [260, 1], [1, 300], [90_000]].filter { $0.count <= 2 })
        }
        return (0..<rank).map { _ in 1 + random.below(4) }
    }
}

extension GraphOperation {
    var isLocallyConstant: Bool {
        switch self {
        case .sign, .step, .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .argmax, .oneHot, .isFinite: true
        default: false
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): enough for drawing tests.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() >> 1) % bound }
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}

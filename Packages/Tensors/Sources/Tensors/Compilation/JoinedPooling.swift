/// Which max poolings of a program run in one pass with what stands beside them: the search for places with the choice
/// of the largest, both with the convolution before them where nothing else reads it, and the transpose with the
/// convolution parts that it is the cotangent of.
struct JoinedPooling {
    /// By places: the largest that they find.
    private(set) var largestOf: [ObjectIdentifier: Tensor] = [:]
    /// By places: the convolution whose outputs are pooled, where they go in one pass.
    private(set) var convolutionOf: [ObjectIdentifier: PooledConvolution] = [:]
    /// By part of a convolution: how it reads a pooled cotangent.
    private(set) var backward: [ObjectIdentifier: PooledConvolution] = [:]
    /// Places that somebody reads beside the choice of the largest.
    private(set) var placesRead = Set<ObjectIdentifier>()
    /// What is never computed by itself.
    private(set) var absorbed = Set<ObjectIdentifier>()

    init(order: [Tensor], outputs: [Tensor]) {
        let poolings = order.filter { $0.operation is PoolPlaces || $0.operation is PoolChoice }
        guard !poolings.isEmpty else { return }
        var consumers: [ObjectIdentifier: [Tensor]] = [:]
        for node in order { for operand in node.operands { consumers[operand.id, default: []].append(node) } }
        let given = Set(outputs.map(\.id))
        func readers(_ node: Tensor) -> [Tensor] { consumers[node.id] ?? [] }

        for node in poolings {
            if let places = node.operation as? PoolPlaces {
                let pooled = node.operands[0]
                let largest = readers(pooled).first { isLargest($0, of: pooled, places: node) }
                largestOf[node.id] = largest
                if given.contains(node.id) || readers(node).contains(where: { $0.id != largest?.id }) {
                    placesRead.insert(node.id)
                }
                if let convolution = pooled.operation as? Convolution, convolution.part == .forward,
                    !given.contains(pooled.id),
                    readers(pooled).allSatisfy({ $0.id == node.id || $0.id == largest?.id }),
                    let joined = PooledConvolution(
                        convolution, pooling: places.windows, elementType: pooled.elementType)
                {
                    convolutionOf[node.id] = joined
                    absorbed.insert(pooled.id)
                }
            } else if let choice = node.operation as? PoolChoice, !choice.isGather, !given.contains(node.id) {
                let parts = readers(node).map { ($0, Self.backwardPart($0, reading: node, pooling: choice.windows)) }
                guard parts.allSatisfy({ $0.1 != nil }) else { continue }
                for (part, joined) in parts { backward[part.id] = joined }
                absorbed.insert(node.id)
            }
        }
    }

    private static func backwardPart(
        _ reader: Tensor, reading cotangent: Tensor, pooling: Windows
    ) -> PooledConvolution? {
        guard let convolution = reader.operation as? Convolution, convolution.part != .forward,
            let joined = PooledConvolution(convolution, pooling: pooling, elementType: reader.elementType),
            reader.operands[joined.cotangentOperand].id == cotangent.id,
            reader.operands[1 - joined.cotangentOperand].id != cotangent.id
        else { return nil }
        return joined
    }
}

private func isLargest(_ node: Tensor, of pooled: Tensor, places: Tensor) -> Bool {
    guard let choice = node.operation as? PoolChoice, choice.isGather else { return false }
    return node.operands[0].id == pooled.id && node.operands[1].id == places.id
}

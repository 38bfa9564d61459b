import Synchronization

/// How the tensors of a tree lie side by side in one block of memory: each begins at a cache line, with room for one
/// whole vector behind it.
public final class PointLayout: Sendable {
    /// Of the tensors, in order.
    public let types: [(shape: Shape, elementType: ElementType)]
    /// Where each tensor begins, in bytes.
    public let offsets: [Int]
    /// Of one point, gaps between aligned tensors included.
    public let byteCount: Int

    /// Of points that hold tensors of these shapes and types.
    public init(of tensors: [Tensor]) {
        types = tensors.map { ($0.shape, $0.elementType) }
        var offsets: [Int] = [], next = 0
        for tensor in tensors {
            offsets.append(next)
            next += (tensor.count * tensor.elementType.byteCount + 127) & ~63
        }
        self.offsets = offsets
        byteCount = next
        count = tensors.count
    }

    /// Of points that hold a tree's leaves.
    public convenience init<Tree: TensorTree>(of tree: Tree) { self.init(of: tree.tensors) }

    private init(types: [(shape: Shape, elementType: ElementType)], offsets: [Int], byteCount: Int) {
        self.types = types
        self.offsets = offsets
        self.byteCount = byteCount
        count = types.count
    }

    /// The number of tensors.
    public let count: Int
    private let parts = Mutex<[Range<Int>: PointLayout]>([:])

    /// The number of elements of all tensors.
    public var elementCount: Int { types.reduce(0) { $0 + $1.shape.count } }

    /// The layout of neighbouring tensors, as it would be if they stood alone; the same object every time.
    public func part(_ range: Range<Int>) -> PointLayout {
        require(range.upperBound <= count, "point: tensors \(range) of \(count)")
        if range == 0..<count { return self }
        return parts.withLock { parts in
            if let known = parts[range] { return known }
            let start = range.lowerBound < count ? offsets[range.lowerBound] : byteCount
            let end = range.upperBound < count ? offsets[range.upperBound] : byteCount
            let part = PointLayout(
                types: Array(types[range]), offsets: offsets[range].map { $0 - start }, byteCount: end - start)
            parts[range] = part
            return part
        }
    }
}

extension PointLayout: Equatable, CustomStringConvertible {
    /// Whether shapes and types are the same, in the same order.
    public static func == (a: PointLayout, b: PointLayout) -> Bool {
        a === b || (a.count == b.count && zip(a.types, b.types).allSatisfy { $0 == $1 })
    }

    /// Shapes and types, in order.
    public var description: String {
        "(" + types.map { "\($0.shape) \($0.elementType)" }.joined(separator: ", ") + ")"
    }
}

/// The extents of a tensor, outermost first; elements are stored in row-major order. A scalar has no extents.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// Outermost axis first; none is negative.
    public let extents: [Int]

    /// Extents, outermost axis first; a negative one stops.
    public init(_ extents: [Int], file: StaticString = #fileID, line: UInt = #line) {
        require(extents.allSatisfy { $0 >= 0 }, "shape: negative extent in \(extents)", file: file, line: line)
        self.extents = extents
    }

    /// `[batch, height, width, channels]`.
    public init(arrayLiteral extents: Int...) { self.init(extents) }

    /// No axis, one element.
    public static let scalar = Shape([])

    /// The number of axes.
    public var rank: Int { extents.count }

    /// The number of elements.
    public var count: Int { extents.reduce(1, *) }

    /// Of one axis; negative axes count from the last.
    public subscript(axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Int {
        require(axis >= -rank && axis < rank, "shape: axis \(axis) of \(self)", file: file, line: line)
        return extents[axis < 0 ? axis + rank : axis]
    }

    /// Extents in brackets: [32x784].
    public var description: String { "[\(extents.map(String.init).joined(separator: "x"))]" }

    /// Row-major strides, in elements.
    public var strides: [Int] {
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * extents[axis + 1] }
        return strides
    }

    /// The shape that both broadcast to by NumPy's rule (aligned at the last axis, an extent of 1 stretches), or nil.
    public func broadcast(with other: Shape) -> Shape? {
        let rank = max(self.rank, other.rank)
        var result = [Int](repeating: 1, count: rank)
        for axis in 1...max(rank, 1) where axis <= rank {
            let a = axis <= self.rank ? extents[self.rank - axis] : 1
            let b = axis <= other.rank ? other.extents[other.rank - axis] : 1
            guard a == b || a == 1 || b == 1 else { return nil }
            result[rank - axis] = a == 1 ? b : a
        }
        return Shape(result)
    }

    /// `axes` with negative ones counted from the end, ascending, each checked to exist and to be named once.
    func normalized(axes: [Int], for operation: String, file: StaticString, line: UInt) -> [Int] {
        let result = axes.map { $0 < 0 ? $0 + rank : $0 }.sorted()
        require(
            result.allSatisfy { $0 >= 0 && $0 < rank } && Set(result).count == result.count,
            "\(operation): axes \(axes) of shape \(self)", file: file, line: line)
        return result
    }
}

/// Tensors of fixed shapes side by side in one block of memory: an argument or a result of compiled functions, written
/// in place.
///
/// A point is a reference: parts of it are the same memory. Whoever runs functions into it owns it for that time.
public final class Point: Sendable {
    /// Shapes, types and places of its tensors.
    public let layout: PointLayout
    let storage: Storage
    /// Where it begins.
    nonisolated(unsafe) let address: UnsafeMutableRawPointer

    init(_ layout: PointLayout, in storage: Storage, at address: UnsafeMutableRawPointer) {
        self.layout = layout
        self.storage = storage
        self.address = address
    }

    /// Zeros.
    public convenience init(_ layout: PointLayout) {
        let storage = Storage(byteCount: layout.byteCount)
        self.init(layout, in: storage, at: storage.address)
    }

    /// A copy of the tensors' values.
    public convenience init(copying tensors: [Tensor]) {
        self.init(PointLayout(of: tensors))
        assign(tensors)
    }

    /// A point with the layout and the values of a tree, evaluated where necessary.
    public convenience init<Tree: TensorTree>(copying tree: Tree) { self.init(copying: tree.tensors) }

    /// The number of tensors.
    public var count: Int { layout.count }

    /// The same memory seen as some neighbouring tensors only: y of a state (y, what the dynamics carries).
    public func part(_ range: Range<Int>) -> Point {
        let part = layout.part(range)
        guard range.lowerBound < count else { return Point(part, in: storage, at: address + layout.byteCount) }
        return Point(part, in: storage, at: address + layout.offsets[range.lowerBound])
    }

    func address(_ index: Int) -> UnsafeMutableRawPointer { address + layout.offsets[index] }
}

// MARK: - Values

extension Point {
    /// Copies values in; their number, shapes and types must be the layout's.
    public func assign(_ tensors: [Tensor], file: StaticString = #fileID, line: UInt = #line) {
        let given = PointLayout(of: tensors)
        require(given == layout, "point: tensors \(layout) expected, got \(given)", file: file, line: line)
        for (i, tensor) in tensors.enumerated() {
            let source = tensor.storage
            withExtendedLifetime(source) {
                address(i).copyMemory(from: source.address, byteCount: tensor.count * tensor.elementType.byteCount)
            }
        }
    }

    /// Overwrites all values; the tree has this point's layout.
    public func assign<Tree: TensorTree>(_ tree: Tree, file: StaticString = #fileID, line: UInt = #line) {
        assign(tree.tensors, file: file, line: line)
    }

    /// Overwrites all values with those of a point of the same layout.
    public func copy(from other: Point, file: StaticString = #fileID, line: UInt = #line) {
        require(
            other.layout == layout, "point: tensors \(layout) expected, got \(other.layout)", file: file, line: line)
        address.copyMemory(from: other.address, byteCount: layout.byteCount)
    }

    /// Sets every element to zero.
    public func clear() { address.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount) }

    /// Copies of the tensors, as leaves.
    public var tensors: [Tensor] {
        layout.types.enumerated().map { i, type in
            let bytes = type.shape.count * type.elementType.byteCount, copy = Storage(byteCount: bytes)
            copy.address.copyMemory(from: address(i), byteCount: bytes)
            return Tensor(storage: copy, shape: type.shape, elementType: type.elementType)
        }
    }

    /// The memory of float32 tensor `index`, to be filled in place; it must not outlive the point.
    public func floats(
        _ index: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> UnsafeMutableBufferPointer<Float> {
        let (shape, type) = layout.types[index]
        require(type == .float32, "point: tensor \(index) of float32 expected, it is \(type)", file: file, line: line)
        return UnsafeMutableBufferPointer(
            start: address(index).assumingMemoryBound(to: Float.self), count: shape.count)
    }
}

/// Points of one layout at equal distances in one block: the states of a trajectory.
public struct PointSequence: Sendable {
    /// Of each of its points.
    public let layout: PointLayout
    private let points: [Point]
    /// The distance from one to the next, in bytes.
    let stride: Int

    /// Zeros.
    public init(_ layout: PointLayout, count: Int) {
        let stride = layout.byteCount, storage = Storage(byteCount: stride * count)
        self.layout = layout
        self.stride = stride
        points = (0..<count).map { Point(layout, in: storage, at: storage.address + $0 * stride) }
    }

    private init(_ layout: PointLayout, _ points: [Point], stride: Int) {
        self.layout = layout
        self.points = points
        self.stride = stride
    }

    /// How many points there are.
    public var count: Int { points.count }

    /// The point with a number from 0; it shares the sequence's memory.
    public subscript(index: Int) -> Point {
        require(index >= 0 && index < points.count, "point sequence: number \(index) of \(points.count)")
        return points[index]
    }

    /// The same memory with some neighbouring tensors of every point only.
    public func part(_ range: Range<Int>) -> PointSequence {
        PointSequence(layout.part(range), points.map { $0.part(range) }, stride: stride)
    }

    /// Copies the first element of each point in a range to the same places of `values`: of a scalar function, one a
    /// repetition.
    public func copyFirstElements(_ range: Range<Int>, to values: inout [Double]) {
        require(range.lowerBound >= 0 && range.upperBound <= count, "point sequence: numbers \(range) of \(count)")
        guard let first = range.first else { return }
        let isDouble = layout.types[0].elementType == .float64
        var place = points[first].address
        for i in range {
            values[i] = isDouble ? place.load(as: Double.self) : Double(place.load(as: Float.self))
            place += stride
        }
    }
}

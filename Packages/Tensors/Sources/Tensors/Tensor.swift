/// A value with a shape and an element type, and a node of an immutable expression graph.
///
/// Operations on tensors only record what is to be computed; reading `scalars` compiles the graph to a `Program` and
/// runs it once. What is replayed many times is compiled once, with the leaves that change named as the program's
/// inputs. Copies are references to the same node; two tensors are "the same" in `gradient` and `Program` when they
/// share a node.
public struct Tensor: Sendable {
    let node: Node

    public var shape: Shape { node.shape }
    public var elementType: ElementType { node.elementType }
    public var rank: Int { node.shape.rank }
    public var count: Int { node.shape.count }

    init(_ node: Node) { self.node = node }

    /// The result of `operation`, whose shape and type the caller has derived.
    init(_ operation: any Operation, _ operands: [Tensor], shape: Shape, elementType: ElementType) {
        node = Node(operation, operands, shape, elementType)
    }
}

/// One operation applied to operands. Its identity is its meaning: equal expressions are merged when a program is
/// compiled.
final class Node: Sendable {
    let operation: any Operation
    nonisolated(unsafe) private(set) var operands: [Tensor]  // written by deinit only
    let shape: Shape
    let elementType: ElementType

    init(_ operation: any Operation, _ operands: [Tensor], _ shape: Shape, _ elementType: ElementType) {
        self.operation = operation
        self.operands = operands
        self.shape = shape
        self.elementType = elementType
    }

    /// Takes a chain of nodes apart in a loop: releasing it recursively would overflow the stack after some 10,000
    /// steps.
    deinit {
        var orphans = operands
        operands = []
        while var last = orphans.popLast()?.takeNode() {
            if isKnownUniquelyReferenced(&last) {
                orphans.append(contentsOf: last.operands)
                last.operands = []
            }
        }
    }
}

extension Tensor {
    fileprivate consuming func takeNode() -> Node { node }

    var id: ObjectIdentifier { ObjectIdentifier(node) }
    var operation: any Operation { node.operation }
    var operands: [Tensor] { node.operands }
}

// MARK: - Leaves

/// A leaf that holds data.
struct Constant: Operation {
    let storage: Storage
    var name: String { "constant" }

    static func == (a: Constant, b: Constant) -> Bool { a.storage === b.storage }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(storage)) }
}

/// A leaf without data: it stands for a program's input.
struct Placeholder: Operation {
    let label: String
    let identity: Identity
    var name: String { "input \(label)" }

    final class Identity: Sendable {}
    static func == (a: Placeholder, b: Placeholder) -> Bool { a.identity === b.identity }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(identity)) }
}

/// Every element has one value; takes no memory until a kernel needs it.
struct Fill: Operation {
    let value: Double
    var name: String { "fill(\(value))" }
}

extension Tensor {
    /// A leaf from scalars in row-major order.
    public init<Scalar: TensorScalar>(_ scalars: [Scalar], shape: Shape? = nil) {
        let shape = shape ?? [scalars.count]
        precondition(shape.count == scalars.count, "tensor: \(scalars.count) scalars for shape \(shape)")
        self.init(Constant(storage: Storage(scalars)), [], shape: shape, elementType: Scalar.elementType)
    }

    /// A leaf that shares `storage`, which must hold `shape.count` elements and must not change while the tensor lives.
    public init(storage: Storage, shape: Shape, elementType: ElementType) {
        precondition(
            storage.byteCount >= shape.count * elementType.byteCount,
            "tensor: \(storage.byteCount) bytes for shape \(shape) of \(elementType)")
        self.init(Constant(storage: storage), [], shape: shape, elementType: elementType)
    }

    /// A tensor whose elements all equal `value`.
    public init(repeating value: Double, shape: Shape = .scalar, elementType: ElementType = .float32) {
        self.init(Fill(value: value), [], shape: shape, elementType: elementType)
    }

    public init(_ value: Double, elementType: ElementType = .float32) {
        self.init(repeating: value, elementType: elementType)
    }

    public static func zeros(_ shape: Shape, elementType: ElementType = .float32) -> Tensor {
        Tensor(repeating: 0, shape: shape, elementType: elementType)
    }

    public static func ones(_ shape: Shape, elementType: ElementType = .float32) -> Tensor {
        Tensor(repeating: 1, shape: shape, elementType: elementType)
    }

    /// An input of a program to be compiled: it has a shape and a type but no value.
    public static func placeholder(_ label: String = "", shape: Shape, elementType: ElementType = .float32) -> Tensor {
        Tensor(Placeholder(label: label, identity: .init()), [], shape: shape, elementType: elementType)
    }

    /// A placeholder with this tensor's shape and type.
    public func placeholder(_ label: String = "") -> Tensor {
        .placeholder(label, shape: shape, elementType: elementType)
    }

    /// Whether both are one node of the graph.
    public func isSame(as other: Tensor) -> Bool { id == other.id }

    var fillValue: Double? { (operation as? Fill)?.value }
}

// MARK: - Reading values

extension Tensor {
    /// This tensor with its value computed: a leaf. Compiles and runs the graph below it, unless it is a leaf already.
    public func evaluated() -> Tensor {
        if operation is Constant { return self }
        return Program(inputs: [], outputs: [self])([])[0]
    }

    /// The storage of an evaluated tensor.
    public var storage: Storage { (evaluated().operation as! Constant).storage }

    /// The elements in row-major order, evaluated when necessary. The type asked for must be the tensor's.
    public func scalars<Scalar: TensorScalar>(as _: Scalar.Type = Scalar.self) -> [Scalar] {
        precondition(
            Scalar.elementType == elementType, "scalars: asked \(Scalar.elementType) of a \(elementType) tensor")
        let storage = self.storage
        return Array(UnsafeBufferPointer(start: storage.address.assumingMemoryBound(to: Scalar.self), count: count))
    }

    /// The elements as float64, whatever the tensor's type.
    public var scalars: [Double] {
        switch elementType {
        case .float32: scalars(as: Float.self).map(Double.init)
        case .float64: scalars(as: Double.self)
        case .int32: scalars(as: Int32.self).map(Double.init)
        }
    }

    /// The only element of a tensor that has one.
    public var scalar: Double {
        precondition(count == 1, "scalar: shape \(shape) has \(count) elements")
        return scalars[0]
    }
}

extension Tensor: CustomStringConvertible {
    public var description: String { "Tensor(\(shape), \(elementType), \(operation.name))" }
}

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
    public init<Scalar: TensorScalar>(
        _ scalars: [Scalar], shape: Shape? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        let shape = shape ?? [scalars.count]
        require(
            shape.count == scalars.count, "tensor: \(scalars.count) scalars for shape \(shape)", file: file, line: line)
        self.init(Constant(storage: Storage(scalars)), [], shape: shape, elementType: Scalar.elementType)
    }

    /// A leaf that shares `storage`, which must hold `shape.count` elements and must not change while the tensor lives.
    public init(
        storage: Storage, shape: Shape, elementType: ElementType, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            storage.byteCount >= shape.count * elementType.byteCount,
            "tensor: \(storage.byteCount) bytes for shape \(shape) of \(elementType)", file: file, line: line)
        self.init(Constant(storage: storage), [], shape: shape, elementType: elementType)
    }

    /// A tensor whose elements all equal `value`; a whole number where they are int32.
    public init(
        repeating value: Double, shape: Shape = .scalar, elementType: ElementType = .float32,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            elementType != .int32 || Int32(exactly: value) != nil, "tensor: \(value) is not an int32", file: file,
            line: line)
        self.init(Fill(value: value), [], shape: shape, elementType: elementType)
    }

    public init(
        _ value: Double, elementType: ElementType = .float32, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(repeating: value, elementType: elementType, file: file, line: line)
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

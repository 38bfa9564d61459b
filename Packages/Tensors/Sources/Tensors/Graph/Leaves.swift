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
    /// A leaf from scalars in row-major order; its element type is theirs. Literals without a type are float32:
    /// `Tensor([0.5, 1])`, as `Tensor(0.5)` is.
    /// - Parameter shape: nil for one axis.
    @_disfavoredOverload  // so that a literal is not taken for [Double]
    public init<Scalar: TensorScalar>(
        _ scalars: [Scalar], shape: Shape? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        let shape = shape ?? [scalars.count]
        require(
            shape.count == scalars.count, "tensor: \(scalars.count) scalars for shape \(shape)", file: file, line: line)
        self.init(Constant(storage: Storage(scalars)), [], shape: shape, elementType: Scalar.elementType)
    }

    /// A float32 leaf from scalars in row-major order.
    /// - Parameter shape: nil for one axis.
    public init(_ scalars: [Float], shape: Shape? = nil, file: StaticString = #fileID, line: UInt = #line) {
        func generic<Scalar: TensorScalar>(_ scalars: [Scalar]) -> Tensor {
            Tensor(scalars, shape: shape, file: file, line: line)
        }
        self = generic(scalars)
    }

    /// A leaf of the type asked for, from scalars in row-major order, rounded to it:
    /// `Tensor([0.1], elementType: .float64)`.
    /// - Parameter shape: nil for one axis.
    public init(
        _ scalars: [Double], shape: Shape? = nil, elementType: ElementType, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        func generic<Scalar: TensorScalar>(_ scalars: [Scalar]) -> Tensor {
            Tensor(scalars, shape: shape, file: file, line: line)
        }
        switch elementType {
        case .float64: self = generic(scalars)
        case .float32: self = generic(scalars.map { Float($0) })
        case .int32:
            if let value = scalars.first(where: { Int32(exactly: $0) == nil }) {
                require(false, "tensor: \(value) is not an int32", file: file, line: line)
            }
            self = generic(scalars.map { Int32($0) })
        }
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

    /// A scalar; its shape has no axis.
    public init(
        _ value: Double, elementType: ElementType = .float32, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(repeating: value, elementType: elementType, file: file, line: line)
    }

    /// Zeros; they take no memory until a kernel needs it.
    public static func zeros(_ shape: Shape, elementType: ElementType = .float32) -> Tensor {
        Tensor(repeating: 0, shape: shape, elementType: elementType)
    }

    /// Ones; they take no memory until a kernel needs it.
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

extension Tensor {
    /// This tensor with its value computed: a leaf. Compiles and runs the graph below it, unless it is a leaf already.
    public func evaluated() -> Tensor {
        if operation is Constant { return self }
        return Program(inputs: [], outputs: [self])([])[0]
    }

    /// The memory of the elements, evaluated when necessary: each time that it is read.
    public var storage: Storage { (evaluated().operation as! Constant).storage }

    /// The elements in row-major order. The type asked for must be the tensor's.
    ///
    /// Of a leaf they are there; an expression is compiled and run each time that it is read. Keep `evaluated()` where
    /// you read more than once, a `Program` where you compute more than once.
    public func scalars<Scalar: TensorScalar>(
        as _: Scalar.Type = Scalar.self, file: StaticString = #fileID, line: UInt = #line
    ) -> [Scalar] {
        require(
            Scalar.elementType == elementType,
            "scalars: asked \(Scalar.elementType) of a tensor \(shape) \(elementType)", file: file, line: line)
        let storage = self.storage
        return Array(UnsafeBufferPointer(start: storage.address.assumingMemoryBound(to: Scalar.self), count: count))
    }

    /// The elements as float64, whatever the tensor's type. An expression is compiled and run each time that it is
    /// read: keep `evaluated()` where you read more than once.
    public var scalars: [Double] {
        switch elementType {
        case .float32: scalars(as: Float.self).map(Double.init)
        case .float64: scalars(as: Double.self)
        case .int32: scalars(as: Int32.self).map(Double.init)
        }
    }

    /// The only element of a tensor that has one; an expression is compiled and run each time that it is read.
    public var scalar: Double {
        require(count == 1, "scalar: shape \(shape) has \(count) elements")
        return scalars[0]
    }
}

extension TensorTree {
    /// All tensors computed, in one program.
    public func evaluated() -> Self { with(Program(inputs: [], outputs: tensors)([])) }
}

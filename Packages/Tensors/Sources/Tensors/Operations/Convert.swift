/// Converts the element type. Its adjoint converts back; to or from int32 it has none.
struct Convert: KernelOperation {
    let type: ElementType
    var name: String { "convert" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        let x = y.operands[0]
        return x.elementType.isFloatingPoint && y.elementType.isFloatingPoint ? v.converted(to: x.elementType) : nil
    }

    func kernel(operands: [View], result: View) -> Kernel {
        let source = operands[0], count = result.shape.count
        func copy<A: BinaryFloatingPoint & Sendable, B: BinaryFloatingPoint & Sendable>(_: A.Type, _: B.Type) -> Kernel
        {
            { memory in
                let from = memory.pointer(source, as: A.self), to = memory.pointer(result, as: B.self)
                for i in 0..<count { to[i] = B(from[i]) }
            }
        }
        switch (source.elementType, result.elementType) {
        case (.float32, .float64): return copy(Float.self, Double.self)
        case (.float64, .float32): return copy(Double.self, Float.self)
        case (.int32, .float32):
            return { memory in
                let from = memory.pointer(source, as: Int32.self), to = memory.pointer(result, as: Float.self)
                for i in 0..<count { to[i] = Float(from[i]) }
            }
        case (.int32, .float64):
            return { memory in
                let from = memory.pointer(source, as: Int32.self), to = memory.pointer(result, as: Double.self)
                for i in 0..<count { to[i] = Double(from[i]) }
            }
        default: stop("convert: from \(source.elementType) to \(result.elementType) is not defined")
        }
    }
}

extension Tensor {
    /// The same numbers in another type. To int32 there is no way: rounding has no one right rule.
    public func converted(to type: ElementType, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        if type == elementType { return self }
        require(
            type.isFloatingPoint, "convert: of \(shape) \(elementType) to \(type) is not defined", file: file,
            line: line)
        return Tensor(Convert(type: type), [self], shape: shape, elementType: type)
    }
}

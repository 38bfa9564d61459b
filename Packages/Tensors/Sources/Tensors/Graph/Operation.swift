/// What a node computes. The set of operations is closed under differentiation: an adjoint is written with operations.
///
/// Three refinements say how a program runs it: `Elementwise` (fused into chains), `ViewOperation` (another way
/// to read the same memory, free where its consumer understands strides) and `KernelOperation` (a kernel of its own).
protocol Operation: Hashable, Sendable {
    /// As shown in a program's description.
    var name: String { get }

    /// The cotangent of operand `index`, given the cotangent of `result`: vᵀ · ∂result/∂operand. Nil where it is zero.
    func adjoint(of result: Tensor, operand index: Int, cotangent: Tensor) -> Tensor?
}

extension Operation {
    func adjoint(of result: Tensor, operand index: Int, cotangent: Tensor) -> Tensor? { nil }

    func isEqual(to other: any Operation) -> Bool { (other as? Self) == self }
}

/// Reads the operand's memory in another order.
protocol ViewOperation: Operation {
    /// The view of the result, or nil when this operand's strides cannot express it and it must be copied first.
    func view(of operand: View, shape: Shape) -> View?
}

/// Runs as one kernel over whole buffers.
protocol KernelOperation: Operation {
    /// How operand `index` may lie in memory. Others are copied first.
    func accepts(_ view: View, operand index: Int) -> Bool
    /// Floating-point operations, for cost comparisons and reports.
    func floatingPointOperations(operands: [Shape], result: Shape) -> Int
    /// Bytes that the kernel needs for itself while it runs; they come from the program's planned memory.
    func scratchByteCount(operands: [Shape], result: Shape, elementType: ElementType) -> Int
    /// The kernel for operands that lie as the views say. The result is contiguous. `scratch` is nil where none was
    /// asked for.
    func kernel(operands: [View], result: View, scratch: View?) -> Kernel
    func kernel(operands: [View], result: View) -> Kernel
}

extension KernelOperation {
    func accepts(_ view: View, operand index: Int) -> Bool { view.isContiguous }
    func floatingPointOperations(operands: [Shape], result: Shape) -> Int {
        operands.reduce(result.count) { max($0, $1.count) }
    }
    func scratchByteCount(operands: [Shape], result: Shape, elementType: ElementType) -> Int { 0 }
    // A kernel has one of these two.
    func kernel(operands: [View], result: View, scratch: View?) -> Kernel { kernel(operands: operands, result: result) }
    func kernel(operands: [View], result: View) -> Kernel { kernel(operands: operands, result: result, scratch: nil) }
}

/// A matrix product whose operands' memory, not its shapes alone, lets it run on a kernel of our own.
protocol SpecialProduct {
    /// Stands before the operation's name in a description.
    var kind: String { get }
    var floatingPointOperations: Int { get }
    var scratchByteCount: Int { get }
    func kernel(scratch: View) -> Kernel
}

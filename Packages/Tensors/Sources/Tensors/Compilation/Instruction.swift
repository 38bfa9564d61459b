/// One instruction of a program.
struct Instruction: Sendable {
    let text: String
    let floatingPointOperations: Int
    let reads: [Int], writes: [Int]
    let kernel: Kernel
    /// Whether this is a matrix product or a convolution, for the share of time spent in them.
    let isProduct: Bool
    /// Where it is an elementwise chain: what can run many times in one call.
    var chain: FusedChain?
}

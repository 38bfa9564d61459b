/// A function of trees as a program: built once from graphs, called any number of times with points of the same
/// layouts.
///
/// Immutable; each thread runs it in a `Replay` of its own:
///
///     let step = CompiledFunction(of: x, y) { x, y in y - 0.1 * gradient(of: f(x, y), withRespectTo: y) }
///     let replay = Replay(step)
///     replay(xPoint, yPoint, into: nextPoint)
///
/// Nobody outside counts positions: shapes, types and numbers are checked where points enter.
public final class CompiledFunction: Sendable {
    /// One layout an argument, one a result.
    public let arguments: [PointLayout], results: [PointLayout]
    let program: Program

    /// From a graph that is there already.
    /// - Parameters:
    ///   - arguments: placeholders, a list for each argument.
    ///   - results: what to compute from them, a list for each result.
    ///   - compilation: what it shares with other functions.
    public init(of arguments: [[Tensor]], to results: [[Tensor]], in compilation: Compilation = Compilation()) {
        self.arguments = arguments.map { PointLayout(of: $0) }
        self.results = results.map { PointLayout(of: $0) }
        program = Program(
            inputs: Array(arguments.joined()), outputs: Array(results.joined()), compilation: compilation)
    }

    /// Traces `function` at placeholders of the arguments' shapes; it may return one tree.
    public convenience init<each Argument: TensorTree, Result: TensorTree>(
        of arguments: repeat each Argument, in compilation: Compilation = Compilation(),
        _ function: (repeat each Argument) -> Result
    ) {
        let placeholders = (repeat (each arguments).placeholders())
        var lists: [[Tensor]] = []
        for tree in repeat each placeholders { lists.append(tree.tensors) }
        self.init(of: lists, to: [function(repeat each placeholders).tensors], in: compilation)
    }

    /// Of one run; a multiplication and an addition count as two.
    public var floatingPointOperations: Int { program.floatingPointOperations }

    /// Bytes that a replay needs while it runs.
    public var temporariesByteCount: Int { program.arenaByteCount }

    /// Runs once on values: a list of tensors for each argument, and for each result.
    public func callAsFunction(_ arguments: [Tensor]..., pool: ThreadPool? = nil) -> [[Tensor]] {
        let values = program(Array(arguments.joined()), pool: pool)
        var rest = values[...]
        return results.map { layout in
            defer { rest = rest.dropFirst(layout.count) }
            return Array(rest.prefix(layout.count))
        }
    }
}

extension CompiledFunction: CustomStringConvertible {
    /// Its instructions, one line each.
    public var description: String { program.description }
}

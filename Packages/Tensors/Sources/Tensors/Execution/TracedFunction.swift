/// A function as a graph: placeholders for its arguments, and what is computed from them. Derivatives are made of it
/// before anything is compiled.
public struct TracedFunction: Sendable {
    /// A list of placeholders for each argument, of tensors for each result.
    public let arguments: [[Tensor]], results: [[Tensor]]

    /// - Parameters:
    ///   - arguments: lists of placeholders, one list an argument.
    ///   - results: lists of expressions over them.
    public init(of arguments: [[Tensor]], to results: [[Tensor]]) {
        self.arguments = arguments
        self.results = results
    }

    /// The function as a program; those of one `Compilation` share constants.
    public func compiled(in compilation: Compilation = Compilation()) -> CompiledFunction {
        CompiledFunction(of: arguments, to: results, in: compilation)
    }

    /// (arguments, a tangent for each argument in `indices`) to the results' tangents.
    public func pushforward(alongArguments indices: [Int]) -> TracedFunction {
        let tangents = indices.map { arguments[$0].map { $0.placeholder("tangent") } }
        let pushed = Tensors.pushforward(
            of: Array(results.joined()), tangents: Array(tangents.joined()),
            withRespectTo: indices.flatMap { arguments[$0] })
        return TracedFunction(of: arguments + tangents, to: listed(pushed, as: results))
    }

    /// (arguments, a cotangent for each result) to the cotangents of the arguments in `indices`.
    public func pullback(toArguments indices: [Int]) -> TracedFunction {
        let cotangents = results.map { $0.map { $0.placeholder("cotangent") } }
        let pulled = Tensors.pullback(
            of: Array(results.joined()), cotangents: Array(cotangents.joined()),
            withRespectTo: indices.flatMap { arguments[$0] })
        return TracedFunction(of: arguments + cotangents, to: listed(pulled, as: indices.map { arguments[$0] }))
    }

    /// The same with one more argument of result `index`'s shapes, which is added to that result.
    public func addingTotal(toResult index: Int) -> TracedFunction {
        let total = results[index].map { $0.placeholder("total") }
        var sums = results
        sums[index] = zip(total, results[index]).map { $0 + $1 }
        return TracedFunction(of: arguments + [total], to: sums)
    }
}

/// Lists as long as those of `lists`, from one list.
func listed(_ tensors: [Tensor], as lists: [[Tensor]]) -> [[Tensor]] {
    var rest = tensors[...]
    return lists.map { list in
        defer { rest = rest.dropFirst(list.count) }
        return Array(rest.prefix(list.count))
    }
}

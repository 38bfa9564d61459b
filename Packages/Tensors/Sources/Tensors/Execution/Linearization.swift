/// A function and its transposed derivative as programs that work together: what is dear to compute again is handed
/// over from the one to the other as residuals, where that pays.
public struct Linearization: Sendable {
    /// The arguments to the results.
    public let function: CompiledFunction
    /// (arguments, a cotangent for each result, a total for each argument that adds up) to the arguments' cotangents.
    public let transposed: CompiledFunction
    /// The same pair with residuals; nil where nothing is worth it.
    public let keeping: Keeping?

    /// The forward function that keeps residuals, and the layout of what it keeps.
    public struct Keeping: Sendable {
        /// The arguments to (the results, the residuals).
        public let function: CompiledFunction
        /// (what `transposed` takes, the residuals) to what it gives.
        public let transposed: CompiledFunction
        /// Of the residuals.
        public let layout: PointLayout
    }

    /// - Parameters:
    ///   - indices: the arguments to differentiate with respect to, in the order of the results.
    ///   - totals: those among them whose cotangents are added to a total that is handed in: the shared variable of
    ///     many steps.
    ///   - price: floating-point operations a byte from which a value is worth keeping; nil keeps nothing.
    public init(
        of traced: TracedFunction, withRespectTo indices: [Int], addingUp totals: [Int] = [], residualPrice price: Int?,
        in compilation: Compilation = Compilation()
    ) {
        var pulled = traced.pullback(toArguments: indices)
        for argument in totals { pulled = pulled.addingTotal(toResult: indices.firstIndex(of: argument)!) }
        let function = traced.compiled(in: compilation), transposed = pulled.compiled(in: compilation)
        keeping = price.flatMap { price in
            Keeping(traced, pulled, price: price, in: compilation, instead: function, transposed)
        }
        self.function = function
        self.transposed = transposed
    }
}

extension Linearization.Keeping {
    /// Nil where nothing is worth keeping: the function must then compute nothing more than before, and its transpose
    /// clearly less.
    ///
    /// Both are rewritten together first: what they share may stand in neither, as X·(W₁·W₂) where (X·W₁)·W₂ was
    /// written.
    fileprivate init?(
        _ traced: TracedFunction, _ pulled: TracedFunction, price: Int, in compilation: Compilation,
        instead function: CompiledFunction, _ transposed: CompiledFunction
    ) {
        let results = Array(traced.results.joined()), derivatives = Array(pulled.results.joined())
        let both = compilation.rewritten(results + derivatives, inputs: Array(pulled.arguments.joined()))
        let after = Array(both[..<results.count]), before = Array(both[results.count...])
        let values = residuals(of: after, for: before, price: price)
        guard !values.isEmpty else { return nil }
        self.function = CompiledFunction(
            of: traced.arguments, to: listed(after, as: traced.results) + [values], in: compilation)
        self.transposed = CompiledFunction(
            of: pulled.arguments + [values], to: listed(before, as: pulled.results), in: compilation)
        layout = PointLayout(of: values)
        guard self.function.floatingPointOperations <= function.floatingPointOperations,
            Double(self.transposed.floatingPointOperations) < 0.9 * Double(transposed.floatingPointOperations)
        else { return nil }
    }
}

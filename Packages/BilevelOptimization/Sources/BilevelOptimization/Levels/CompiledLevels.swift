import Tensors

/// What every trajectory replays: the start, the step, F and its gradient. Immutable; shared by workers.
struct CompiledLevels: Sendable {
    /// y_0 to s_0.
    let start: CompiledFunction
    /// (x, s) to s'.
    let step: CompiledFunction
    /// The step that hands residuals to its transpose, if the hypergradient reads any.
    let keeping: Linearization.Keeping?
    /// (x, y) to F.
    let upperValue: CompiledFunction
    /// (x, y) to (∂F/∂x, ∂F/∂y).
    let upperGradient: CompiledFunction
    let upperLayout: PointLayout, stateLayout: PointLayout
    /// Where y lies in a state.
    let lowerPart: Range<Int>
    /// Whether a state is y alone.
    var carriesNothing: Bool { stateLayout.count == lowerPart.count }
    private let compilation: Compilation

    /// - Parameter linearization: of the step, where the hypergradient has compiled one.
    init(_ traced: TracedLevels, linearization: Linearization?, in compilation: Compilation) {
        start = traced.start.compiled(in: compilation)
        step = linearization?.function ?? traced.step.compiled(in: compilation)
        keeping = linearization?.keeping
        upperValue = traced.upperObjective.compiled(in: compilation)
        let value = traced.upperObjective.results[0][0]
        let gradients = gradient(of: value, withRespectTo: traced.x + traced.y)
        upperGradient = CompiledFunction(
            of: [traced.x, traced.y],
            to: [Array(gradients[..<traced.x.count]), Array(gradients[traced.x.count...])], in: compilation)
        upperLayout = traced.upperLayout
        stateLayout = traced.stateLayout
        lowerPart = 0..<traced.y.count
        self.compilation = compilation
    }

    /// Bytes of temporaries that all functions share, of which one runs at a time.
    var temporariesByteCount: Int {
        ([start, step, upperValue, upperGradient] + (keeping.map { [$0.function] } ?? []))
            .reduce(0) { max($0, $1.temporariesByteCount) }
    }

    /// Bytes of constants that were computed, and of their special forms.
    var constantsByteCount: Int { compilation.byteCount }
}

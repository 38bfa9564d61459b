import Tensors

/// The functions of a meta-problem; immutable and shared by the tasks' workers.
struct CompiledMetaProblem: Sendable {
    /// (x, d) to c, and back.
    let context: Linearization
    let task: CompiledIteration
    /// For predictions, where the training's dynamics would look at the upper level; else nil.
    let predictionTask: CompiledIteration?
    /// (c, y) to the prediction.
    let prediction: CompiledFunction
    /// Of a task's upper variable, the context beside the start z.
    let pairLayout: PointLayout
    let contextPart: Range<Int>, startPart: Range<Int>
    let upperLayout: PointLayout, dataLayout: PointLayout, lowerLayout: PointLayout

    init<Upper: TensorTree, Data: TensorTree, Context: TensorTree, Lower: TensorTree>(
        _ problem: MetaProblem<Upper, Data, Context, Lower>, method: Method, upper: Upper, lower: Lower, data: Data
    ) {
        let x = upper.placeholders("x"), d = data.placeholders("d"), traced = problem.context(x, d)
        // A byte is kept once a task, so that all but the cheapest products are worth it.
        context = Linearization(
            of: TracedFunction(of: [x.tensors, d.tensors], to: [traced.tensors]), withRespectTo: [0], residualPrice: 1)
        let template = traced.map { .zeros($0.shape, elementType: $0.elementType) }
        let c = template.placeholders("c"), y = lower.placeholders("y")
        prediction = CompiledFunction(of: [c.tensors, y.tensors], to: [[problem.prediction(c, y)]])
        let pair = TreePair(template, lower)
        func iteration(_ loop: LowerLoop, _ hypergradient: Hypergradient) -> CompiledIteration {
            CompiledIteration(
                TracedLevels(problem.task, dynamics: loop.dynamics, upper: pair, lower: lower), loop,
                hypergradient)
        }
        task = iteration(method.loop, method.hypergradient)
        let dynamics = method.dynamics.withoutUpperLevel
        // Nothing is differentiated in a prediction: first order compiles nothing and stores the end alone.
        predictionTask =
            dynamics == method.dynamics ? nil : iteration(method.loop.with(dynamics), .firstOrder)
        pairLayout = PointLayout(of: pair)
        contextPart = 0..<template.tensors.count
        startPart = contextPart.upperBound..<pairLayout.count
        upperLayout = PointLayout(of: upper)
        dataLayout = PointLayout(of: data)
        lowerLayout = PointLayout(of: lower)
    }

    /// Of temporaries that all functions of a worker share.
    /// - Parameter keeping: the context's functions where it keeps residuals; without them it computes again what they
    ///   hold, in about twice the memory.
    func temporariesByteCount(keeping: Linearization.Keeping?) -> Int {
        let ofContext = keeping.map { [$0.function, $0.transposed] } ?? [context.function, context.transposed]
        return (ofContext + [prediction]).map(\.temporariesByteCount).reduce(
            max(task.temporariesByteCount, predictionTask?.temporariesByteCount ?? 0), max)
    }
}

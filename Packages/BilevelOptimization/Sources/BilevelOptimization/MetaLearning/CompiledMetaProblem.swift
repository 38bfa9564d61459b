import Tensors

/// The programs of a meta-problem; immutable and shared by the tasks' workspaces.
final class CompiledMetaProblem<Upper: TensorTree, Data: TensorTree, Context: TensorTree, Lower: TensorTree>: Sendable {
    let levels: CompiledLevels<TreePair<Context, Lower>, Lower>
    /// For predictions, where the training's dynamics would look at the upper level; else nil.
    let predictionLevels: CompiledLevels<TreePair<Context, Lower>, Lower>?
    /// (x, d) to (c, kept values).
    let context: Program
    /// (x, d, kept values, c̄) to x̄.
    let transposedContext: Program
    /// (c, y) to the prediction.
    let prediction: Program
    let contextCount: Int, keptLayout: PackedTensors.Layout, predictionLayout: PackedTensors.Layout

    init(
        _ problem: MetaProblem<Upper, Data, Context, Lower>, dynamics: Dynamics, upper: Upper, lower: Lower, data: Data
    ) {
        let x = upper.placeholders("x"), d = data.placeholders("d"), context = problem.context(x, d),
            y = lower.placeholders("y")
        let outputs = context.tensors
        let cotangents = outputs.map { $0.placeholder("c̄") }
        let pulled = pullback(of: outputs, cotangents: cotangents, withRespectTo: x.tensors)
        // Convolutions, products and pooled maps are kept for the way back; what lies between them is cheap to compute
        // again.
        let kept = expensiveValues(outputs, for: pulled, intensity: 1).filter { value in
            !outputs.contains { $0.isSame(as: value) }
        }
        self.context = Program(inputs: x.tensors + d.tensors, outputs: outputs + kept)
        transposedContext = Program(inputs: x.tensors + d.tensors + kept + cotangents, outputs: pulled)
        keptLayout = PackedTensors.Layout(of: kept)
        contextCount = outputs.count
        let template = context.map { .zeros($0.shape, elementType: $0.elementType) }
        let c = template.placeholders("c"), predicted = problem.prediction(c, y)
        prediction = Program(inputs: c.tensors + y.tensors, outputs: [predicted])
        predictionLayout = PackedTensors.Layout(of: [predicted])
        let pair = TreePair(template, lower)
        levels = CompiledLevels(problem.task, dynamics: dynamics, upper: pair, lower: lower)
        predictionLevels =
            dynamics.withoutUpperLevel == dynamics
            ? nil
            : CompiledLevels(problem.task, dynamics: dynamics.withoutUpperLevel, upper: pair, lower: lower)
    }
}

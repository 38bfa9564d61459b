import Tensors

/// Many lower problems that share x: task j has data d_j, its own y_j, and everyone's start z.
///
/// min over x, z of the mean over tasks of F(c_j, y_j), y_j following f(c_j, ·), where the context c_j = c(x, d_j) is
/// what a task needs of x: a backbone's features of its images. It is computed once a task, outside the lower steps;
/// the derivative flows back through it once.
public struct MetaProblem<Upper: TensorTree, Data: TensorTree, Context: TensorTree, Lower: TensorTree>: Sendable {
    /// c(x, d): what a task needs of x.
    public let context: @Sendable (Upper, Data) -> Context
    /// F(c, y), of one element.
    public let upperObjective: @Sendable (Context, Lower) -> Tensor
    /// The third argument is the start z, for regularizers such as λ‖y - z‖².
    public let lowerObjective: @Sendable (Context, Lower, Lower) -> Tensor
    /// Step sizes that the context holds, one tensor for each of y's or of a shape that broadcasts to it: they multiply
    /// ∇_y f in every lower step, beside the dynamics' own rate, and are differentiated like the rest of the context
    /// (Meta-SGD, Li et al. 2017).
    public let stepSizes: (@Sendable (Context) -> [Tensor])?
    /// What a lower step follows in place of g = ∇_y f: a function of the context, of y and of g, learned like the rest
    /// of the context and differentiated through; `stepSizes` multiply what it gives. A matrix of the context times g
    /// is Meta-Curvature (Park and Oliva 2019). One tensor of y may count the steps: the one whose direction is the
    /// constant -1 over the rate; what reads it by `stopGradient` knows the step that is taken (MAML++, Antoniou et al.
    /// 2019).
    public var preconditioner: (@Sendable (_ context: Context, _ lower: Lower, _ gradient: Lower) -> Lower)?
    /// What is reported of a solved task, for instance the query's logits.
    public let prediction: @Sendable (Context, Lower) -> Tensor

    /// Closures are traced once, with placeholders: they must be made of operations on their arguments.
    public init(
        context: @escaping @Sendable (Upper, Data) -> Context,
        upperObjective: @escaping @Sendable (Context, Lower) -> Tensor,
        lowerObjective: @escaping @Sendable (Context, Lower, Lower) -> Tensor,
        stepSizes: (@Sendable (Context) -> [Tensor])? = nil,
        prediction: @escaping @Sendable (Context, Lower) -> Tensor
    ) {
        self.context = context
        self.upperObjective = upperObjective
        self.lowerObjective = lowerObjective
        self.stepSizes = stepSizes
        self.prediction = prediction
    }

    /// One task's bilevel problem: its upper variable is the context beside the start.
    var task: BilevelProblem<TreePair<Context, Lower>, Lower> {
        let (F, f) = (upperObjective, lowerObjective)
        var task = BilevelProblem<TreePair<Context, Lower>, Lower>(
            upperObjective: { pair, y in F(pair.first, y) },
            lowerObjective: { pair, y in f(pair.first, y, pair.second) })
        if let preconditioner { task.directions.append { pair, y, g in preconditioner(pair.first, y, g) } }
        if let stepSizes {
            task.directions.append { pair, _, g in g.with(zip(g.tensors, stepSizes(pair.first)).map { $0 * $1 }) }
        }
        return task
    }
}

/// What happened in one meta-iteration.
public struct MetaReport: SolverReport {
    /// From 1.
    public let iteration: Int
    /// The mean over tasks of F(c, y_k̄), and of k̄.
    public let upperValue: Double, meanTruncation: Double
    /// ‖dF/dx‖ and ‖dF/dz‖ of the mean.
    public let hypergradientNorm: Double, initializationGradientNorm: Double
    /// Of the whole meta-iteration.
    public internal(set) var seconds: Double

    /// Also for rows that are read back from a file.
    public init(
        iteration: Int, upperValue: Double, meanTruncation: Double, hypergradientNorm: Double,
        initializationGradientNorm: Double, seconds: Double
    ) {
        self.iteration = iteration
        self.upperValue = upperValue
        self.meanTruncation = meanTruncation
        self.hypergradientNorm = hypergradientNorm
        self.initializationGradientNorm = initializationGradientNorm
        self.seconds = seconds
    }
}

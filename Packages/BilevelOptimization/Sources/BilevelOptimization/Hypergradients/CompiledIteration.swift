import Tensors

/// All that one iteration of a method replays for a problem; immutable, so that many workers run it.
struct CompiledIteration: Sendable {
    let levels: CompiledLevels
    private let hypergradient: any CompiledHypergradient
    private let loop: LowerLoop, needs: TrajectoryNeeds

    init(_ traced: TracedLevels, _ loop: LowerLoop, _ hypergradient: Hypergradient) {
        let compilation = Compilation()
        self.loop = loop
        needs = hypergradient.estimator.needs(of: loop)
        self.hypergradient = hypergradient.estimator.compile(traced, loop, in: compilation)
        levels = CompiledLevels(traced, linearization: self.hypergradient.linearization, in: compilation)
    }

    /// Of temporaries that all functions share.
    var temporariesByteCount: Int {
        hypergradient.functions.reduce(levels.temporariesByteCount) { max($0, $1.temporariesByteCount) }
    }

    /// Computed constants and their special forms, which all workers share.
    var constantsByteCount: Int { levels.constantsByteCount }

    /// What a trajectory of a worker will hold.
    /// - Parameters:
    ///   - fixedByteCount: what the worker holds besides: variables, updates, gradients.
    ///   - residualLimit: bytes of residuals where no budget is given.
    func plan(
        besides fixedByteCount: Int, memoryBudget: Int?, residualLimit: Int = TrajectoryPlan.residualLimit
    ) throws(SolverError) -> TrajectoryPlan {
        let values = (loop.innerIterations + 1) * levels.upperValue.results[0].byteCount
        let fixed =
            fixedByteCount + values + temporariesByteCount + constantsByteCount + hypergradient.byteCount
        return try TrajectoryPlan(
            steps: loop.innerIterations, needs: needs,
            sizes: .init(
                state: levels.stateLayout.byteCount, residuals: levels.keeping?.layout.byteCount, fixed: fixed),
            budget: memoryBudget, residualLimit: residualLimit)
    }

    /// - Parameter temporaries: at least `temporariesByteCount` bytes; nil makes some.
    func worker(
        _ plan: TrajectoryPlan, temporaries: Storage? = nil, pool: ThreadPool?
    ) -> (Trajectory, any HypergradientComputation) {
        let temporaries = temporaries ?? Storage(byteCount: temporariesByteCount)
        return (
            Trajectory(levels, plan: plan, temporaries: temporaries, pool: pool),
            hypergradient.makeComputation(temporaries: temporaries)
        )
    }
}

extension CompiledIteration: CustomStringConvertible {
    /// The functions that run K times, and the hypergradient's.
    var description: String {
        ([("step", levels.keeping?.function ?? levels.step), ("upper value", levels.upperValue)]
            + hypergradient.functions.map { ("hypergradient", $0) })
            .map { "\($0): \($1)" }.joined(separator: "\n")
    }
}

import Tensors

/// Runs a bilevel method. Each `step` is one upper iteration (Liu et al. 2021, Algorithm 1):
///
/// 1. y_0 from the initialization, 2. K lower steps, 3. the truncation chooses k̄, 4. x and z move along the total
/// derivatives of F(x, y_k̄) through the steps.
///
/// Belongs to one thread at a time; `threads` are its own pool's.
public final class Solver<Upper: TensorTree, Lower: TensorTree>: BilevelSolver {
    /// As it was given.
    public let method: Method
    /// Upper iterations that went well.
    public private(set) var iteration = 0
    /// What is held in memory.
    public var plan: TrajectoryPlan { trajectory.plan }

    private let compiled: CompiledIteration
    private let trajectory: Trajectory
    private let computation: any HypergradientComputation
    private let upperTemplate: Upper, lowerTemplate: Lower
    private let moving: MovingPair
    /// Where the derivatives are computed; and those of the last iteration that went well, with its y_K.
    private let gradients: HypergradientPoints, lastGradients: HypergradientPoints
    private let lastLower: Point
    private var hasSolved = false
    private let pool: ThreadPool?

    /// - Parameter memoryBudget: bytes for everything that the solver holds; the result has the same bits with any
    ///   budget. Nil keeps all states that the hypergradient reads, and up to 512 MiB of values that it would otherwise
    ///   compute again. See `plan`.
    public init(
        _ problem: BilevelProblem<Upper, Lower>, method: Method, upperRule: UpdateRule, upper: Upper, lower: Lower,
        threads: Int = 1, memoryBudget: Int? = nil
    ) throws(SolverError) {
        try method.check(for: problem.stepConstraint, upperRule: upperRule)
        try problem.check(startingFrom: upper, lower)
        guard !method.hypergradient.estimator.movesStartOnly else {
            throw .incompatible(
                .hypergradient, expected: "one that says something of x, or a meta-problem",
                got: "\(method.hypergradient)", nearest: "first order")
        }
        self.method = method
        upperTemplate = upper
        lowerTemplate = lower
        pool = threads > 1 ? ThreadPool(threadCount: threads) : nil
        let traced = TracedLevels(problem, dynamics: method.dynamics, upper: upper, lower: lower)
        gradients = HypergradientPoints(upper: traced.upperLayout, lower: traced.lowerLayout)
        moving = MovingPair(
            upper.tensors, rule: upperRule, onto: problem.upperConstraint, lower.tensors, method.initialization,
            onto: problem.lowerConstraint, along: gradients)
        lastGradients = HypergradientPoints(upper: traced.upperLayout, lower: traced.lowerLayout)
        lastLower = Point(traced.lowerLayout)
        lastLower.assign(lower)
        compiled = CompiledIteration(traced, method.loop, method.hypergradient)
        let fixedByteCount =
            moving.byteCount + 2 * traced.upperLayout.byteCount + 3 * traced.lowerLayout.byteCount
        let plan = try compiled.plan(besides: fixedByteCount, memoryBudget: memoryBudget)
        (trajectory, computation) = compiled.worker(plan, pool: pool)
    }

    // MARK: Values

    /// x. Another value must have its layout.
    public var upper: Upper {
        get { upperTemplate.with(moving.x.tensors) }
        set { moving.x.assign(newValue, as: "upper") }
    }

    /// z for a learned initialization, else where the next iteration starts.
    public var initialization: Lower {
        get { lowerTemplate.with(moving.z.tensors) }
        set { moving.z.assign(newValue, as: "initialization") }
    }

    /// y_K of the last iteration; the initialization before the first.
    public var lower: Lower { hasSolved ? lowerTemplate.with(lastLower.tensors) : initialization }
    /// dF/dx of the last iteration.
    public var hypergradient: Upper { upperTemplate.with(lastGradients.upper.tensors) }
    /// dF/dy_0 of the last iteration, of the same F(x, y_k̄) and through the same steps as `hypergradient`:
    /// ∇_y F ∂y_k̄/∂y_0 for reverse and forward mode, ∇_y F for first order, which takes that factor for the identity.
    /// Zeros where what is differentiated does not begin at y_0: for T-RHG and one step (y_{K-h} counts as a constant),
    /// and for the hypergradients that look at the end only. Zeros for forward mode too where z is not learned: each of
    /// y_0's coordinates would cost a pass.
    public var initializationGradient: Lower { lowerTemplate.with(lastGradients.start.tensors) }

    /// x, z, what moves them, and y_K.
    public var state: SolverState { memory.state(iteration: iteration) }

    public func restore(_ state: SolverState) throws(SolverError) {
        try memory.restore(state)
        lastGradients.clear()
        iteration = state.iteration
        hasSolved = iteration > 0
    }

    private var memory: SolverMemory {
        var memory = SolverMemory()
        memory.add("x", moving.x, paths: upperTemplate.paths)
        memory.add("z", moving.z, paths: lowerTemplate.paths)
        memory.add("y", lastLower, paths: lowerTemplate.paths)
        memory.add("update", moving.states)
        return memory
    }

    // MARK: Iterating

    /// One upper iteration. When it throws, every value is as it was before it.
    public func step() throws(SolverError) -> IterationReport {
        var stopwatch = Stopwatch()
        var report = try computeHypergradient(&stopwatch, acceptingFailedAdjoint: method.acceptsFailedAdjoint)
        moving.move(along: lastGradients)
        if method.initialization == .warmStart { moving.z.copy(from: lastLower) }
        iteration += 1
        report.updateSeconds = stopwatch.lap()
        return report
    }

    /// Everything of an iteration but the updates: `lower`, `hypergradient` and `initializationGradient`.
    public func computeHypergradient() throws(SolverError) -> IterationReport {
        var stopwatch = Stopwatch()
        return try computeHypergradient(&stopwatch, acceptingFailedAdjoint: true)
    }

    private func computeHypergradient(
        _ stopwatch: inout Stopwatch, acceptingFailedAdjoint: Bool
    ) throws(SolverError) -> IterationReport {
        let K = method.innerIterations, needsEveryValue = method.truncation.needsEveryValue
        trajectory.run(
            moving.x, from: moving.z, velocity: method.startsFromVelocityOfInitialization ? moving.stateOfZ : nil,
            valuesAtEveryStep: needsEveryValue)
        let values = trajectory.upperValues, stepNorm = lastStepNorm
        if let k = (needsEveryValue ? 1...K : K...K).first(where: { !values[$0].isFinite }) {
            throw .notFinite(quantity: "upper objective at lower step \(k)", iteration: iteration + 1)
        }
        let last = trajectory.chosenStep(method.truncation), forwardSeconds = stopwatch.lap()
        let adjoint = computation(
            trajectory, from: method.loop.firstDifferentiatedStep, to: last, into: gradients, pool: pool)
        let upperNorm = gradients.upper.norm(), startNorm = gradients.start.norm()
        guard upperNorm.isFinite, startNorm.isFinite else {
            throw .notFinite(quantity: "hypergradient", iteration: iteration + 1)
        }
        if let adjoint, adjoint.outcome == .failed, !acceptingFailedAdjoint {
            throw .adjointFailed(
                relativeResidual: adjoint.relativeResidual, products: adjoint.iterations, iteration: iteration + 1)
        }
        lastGradients.copy(from: gradients)
        lastLower.copy(from: trajectory.lower)
        hasSolved = true
        return IterationReport(
            iteration: iteration + 1, truncation: last,
            upperValue: values[last].isFinite ? values[last] : trajectory.upperValue(at: last),
            finalUpperValue: values[K], hypergradientNorm: upperNorm, initializationGradientNorm: startNorm,
            lowerStepNorm: stepNorm, adjoint: adjoint, forwardSeconds: forwardSeconds, backwardSeconds: stopwatch.lap())
    }

    /// ‖y_K - y_{K-1}‖: for projected descent with rate α this is ‖R_α(x, y_{K-1})‖, the stationarity measure of the
    /// paper.
    private var lastStepNorm: Double {
        trajectory.lower.squaredDistance(from: trajectory.lower(method.innerIterations - 1)).squareRoot()
    }

    /// Where the time of the last iteration went: in the lower steps, the upper values and the derivative. Call after
    /// `step`.
    public var profile: Profile { trajectory.profile(with: computation, on: pool) }

    /// The compiled functions in words, and the profile. Call after `step`.
    public var profileText: String { "\(compiled)\n\(profile)" }
}

extension Trajectory {
    /// Of the last iteration, its derivative included.
    func profile(with computation: any HypergradientComputation, on pool: ThreadPool?) -> Profile {
        let derivative = computation.profiled.filter { $0.runs > 0 }
        return Profile(
            parts: profile()
                + derivative.map {
                    Profile.Part(program: $0.program, runs: $0.runs, instructions: $0.replay.profile(on: pool))
                })
    }
}

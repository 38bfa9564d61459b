import Foundation
import Tensors

/// Runs a bilevel method. Each `step` is one upper iteration (Liu et al. 2021, Algorithm 1):
///
/// 1. y_0 from the initialization, 2. K lower steps, 3. the truncation chooses k̄, 4. x and z move along the total
/// derivatives of F(x, y_k̄) through the steps.
///
/// Belongs to one thread at a time; `threads` are its own pool's.
public final class Solver<Upper: TensorTree, Lower: TensorTree> {
    public let method: Method
    public private(set) var iteration = 0
    /// What will be held in memory.
    public var plan: TrajectoryPlan { trajectory.plan }

    private let trajectory: Trajectory<Upper, Lower>
    private let upperTemplate: Upper, lowerTemplate: Lower
    private let moving: MovingPair
    private let estimator: Estimator
    private let pool: ThreadPool?
    private var hasSolved = false

    private enum Estimator {
        case reverse, firstOrder
        case forward(ForwardMode), implicit(ImplicitDifferentiation), finiteDifference(FiniteDifference)
    }

    /// - Parameter memoryBudget: bytes for everything that the solver holds; the result has the same bits with any
    ///   budget. Nil keeps all states, and up to 512 MiB of values that the derivative would otherwise compute again.
    ///   See `plan`.
    public init(
        _ problem: BilevelProblem<Upper, Lower>, method: Method, upperRule: UpdateRule, upper: Upper, lower: Lower,
        threads: Int = 1,
        memoryBudget: Int? = nil
    ) throws(SolverError) {
        try method.check(for: problem.stepConstraint, upperRule: upperRule)
        try problem.check(startingFrom: upper, lower)
        guard method.hypergradient != .displacement else {
            throw .invalidMethod(
                "the displacement z - y_K says nothing of x: a meta-problem expected; nearest valid choice: first order"
            )
        }
        self.method = method
        upperTemplate = upper
        lowerTemplate = lower
        let levels = CompiledLevels(problem, dynamics: method.dynamics, upper: upper, lower: lower)
        pool = threads > 1 ? ThreadPool(threadCount: threads) : nil
        trajectory = Trajectory(
            levels, plan: try levels.plan(steps: method.innerIterations, budget: memoryBudget), pool: pool)
        estimator =
            switch method.hypergradient {
            case .reverse: .reverse
            case .firstOrder: .firstOrder
            case .forward:
                .forward(ForwardMode(problem, dynamics: method.dynamics, upper: upper, lower: lower, levels: levels))
            case .finiteDifference(let radius):
                .finiteDifference(
                    FiniteDifference(
                        problem, rate: method.dynamics.rates[0], radius: radius, upper: upper, lower: lower,
                        levels: levels))
            case .conjugateGradient, .neumann, .fixedPoint, .gmres:
                .implicit(
                    ImplicitDifferentiation(
                        method.hypergradient, problem, dynamics: method.dynamics, upper: upper, lower: lower,
                        levels: levels))
            case .displacement: preconditionFailure("refused above")
            }

        moving = MovingPair(
            upper.tensors, rule: upperRule, onto: problem.upperConstraint, lower.tensors, method.initialization,
            onto: problem.lowerConstraint)
    }

    // MARK: Values

    private var x: PackedTensors { moving.x }
    private var z: PackedTensors { moving.z }

    /// Also for going on from a checkpoint.
    public var upper: Upper {
        get { upperTemplate.with(x.tensors()) }
        set { x.assign(newValue.tensors) }
    }

    /// z for a learned initialization, else where the next iteration starts.
    public var initialization: Lower {
        get { lowerTemplate.with(z.tensors()) }
        set { z.assign(newValue.tensors) }
    }

    /// The update rules' velocities and moments, and the iteration: with x and z all that a later run needs to go on to
    /// the same bits.
    public var updateState: (tensors: [Tensor], iteration: Int) {
        get { (moving.state, iteration) }
        set { (moving.state, iteration) = newValue }
    }

    /// y_K of the last iteration; the initialization before the first of this solver.
    public var lower: Lower { hasSolved ? lowerTemplate.with(trajectory.lower.tensors(z.count)) : initialization }
    /// dF/dx of the last iteration.
    public var hypergradient: Upper { upperTemplate.with(trajectory.upperGradient.tensors()) }
    /// dF/dy_0 of the last iteration; zeros for the hypergradients that do not go back to y_0.
    public var initializationGradient: Lower { lowerTemplate.with(trajectory.startGradient.tensors(z.count)) }

    // MARK: Iterating

    /// One upper iteration. When it throws, x and z are as they were before it.
    public func step() throws(SolverError) -> IterationReport {
        var report = try computeHypergradient()
        let clock = ContinuousClock(), start = clock.now
        moving.move(along: trajectory.upperGradient, trajectory.startGradient)
        if method.initialization == .warmStart { z.copy(from: trajectory.lower, count: z.count) }
        iteration += 1
        report.updateSeconds = (clock.now - start).seconds
        return report
    }

    /// Everything of an iteration but the updates: fills `hypergradient` and `initializationGradient`.
    public func computeHypergradient() throws(SolverError) -> IterationReport {
        let K = method.innerIterations, clock = ContinuousClock(), start = clock.now
        trajectory.run(
            x, from: z, velocity: method.startsFromVelocityOfInitialization ? moving.stateOfZ : nil,
            valuesAtEveryStep: method.truncation.needsEveryValue)
        hasSolved = true
        let values = trajectory.upperValues, stepNorm = lastStepNorm
        if let k = (1...K).first(where: { method.truncation.needsEveryValue || $0 == K ? !values[$0].isFinite : false })
        {
            throw .notFinite(quantity: "upper objective at lower step \(k)", iteration: iteration + 1)
        }
        let last = trajectory.chosenStep(method.truncation), from = trajectory.firstStep(method.truncation)
        let middle = clock.now
        let adjoint = differentiate(from: from, to: last)
        let upperNorm = trajectory.upperGradient.squaredNorm().squareRoot()
        let startNorm = trajectory.startGradient.squaredNorm(z.count).squareRoot()
        guard upperNorm.isFinite, startNorm.isFinite else {
            throw .notFinite(quantity: "hypergradient", iteration: iteration + 1)
        }
        let end = clock.now
        return IterationReport(
            iteration: iteration + 1, truncation: last,
            upperValue: values[last].isFinite ? values[last] : trajectory.upperValue(x, at: last),
            finalUpperValue: values[K], hypergradientNorm: upperNorm, initializationGradientNorm: startNorm,
            lowerStepNorm: stepNorm, adjoint: adjoint, forwardSeconds: (middle - start).seconds,
            backwardSeconds: (end - middle).seconds)
    }

    private func differentiate(from first: Int, to last: Int) -> AdjointReport? {
        if case .reverse = estimator {
            trajectory.differentiate(x, from: first, to: last)
            return nil
        }
        trajectory.directGradient(x, at: last)
        let gradient = trajectory.upperGradient, slope = trajectory.startGradient
        switch estimator {
        case .reverse, .firstOrder: return nil
        case .forward(let push):
            push(
                x, from: first, to: last, upperGradient: gradient, slope: slope,
                withStart: method.initialization.isLearned, pool: pool
            ) {
                trajectory.state($0, x)
            }
            return nil
        case .implicit(let solve):
            let report = solve(x, at: trajectory.state(last, x), upperGradient: gradient, slope: slope, pool: pool)
            slope.clear()
            return report
        case .finiteDifference(let difference):
            difference(x, at: trajectory.state(last - 1, x), upperGradient: gradient, lowerSlope: slope, pool: pool)
            slope.clear()
            return nil
        }
    }

    /// ‖y_K - y_{K-1}‖: for projected descent with rate α this is ‖R_α(x, y_{K-1})‖, the stationarity measure of the
    /// paper.
    private var lastStepNorm: Double {
        let K = method.innerIterations
        return trajectory.state(K, x).squaredDistance(from: trajectory.state(K - 1, x), z.count).squareRoot()
    }

    /// Where the time of the last iteration went: in the lower steps, the upper values and, in reverse mode, the
    /// transposed steps. Call after `step`.
    public var profile: Profile { Profile(parts: trajectory.profile()) }

    /// The compiled programs in words, and the profile. Call after `step`.
    public var profileText: String {
        let levels = trajectory.levels
        return """
            step: \(levels.step)
            transposed step: \(levels.transposedStep)
            upper value: \(levels.upperValue)
            \(profile)
            """
    }
}

extension Initialization {
    /// What moves a learned start.
    var rule: UpdateRule? { if case .learned(let rule) = self { rule } else { nil } }
    var isLearned: Bool { rule != nil }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

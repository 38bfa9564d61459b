import Tensors

/// dF/dx = ∂F/∂x + Σ_k λ_{k+1} ∂Φ/∂x, λ_k = λ_{k+1} ∂Φ/∂y, λ_k̄ = ∂F/∂y: the transpose of one step, replayed from k̄
/// down (Franceschi et al. 2017, reverse mode, with each step's inside computed again from its state, or handed over as
/// residuals).
public struct ReverseMode: HypergradientEstimator {
    /// Floating-point operations a byte from which a value of a step is kept for its transpose: K of them are held.
    private static let residualPrice = 200

    /// It has no settings.
    public init() {}

    public var name: String { "reverse" }
    public var reachesStart: Bool { true }

    public func needs(of loop: LowerLoop) -> TrajectoryNeeds {
        .residuals(from: loop.firstDifferentiatedStep)
    }

    public func compile(
        _ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation
    ) -> any CompiledHypergradient {
        // (x, s, λ, g) to (λ ∂s'/∂s, g + λ ∂s'/∂x).
        let step = Linearization(
            of: levels.step, withRespectTo: [1, 0], addingUp: [0], residualPrice: Self.residualPrice, in: compilation)
        // What the dynamics carries starts from y_0 too: (y_0, λ) to λ ∂s_0/∂y_0.
        let carriesNothing = levels.state.count == levels.y.count
        let start = carriesNothing ? nil : levels.start.pullback(toArguments: [0]).compiled(in: compilation)
        return CompiledReverseMode(
            step: step, start: start, upperLayout: levels.upperLayout, lowerLayout: levels.lowerLayout,
            stateLayout: levels.stateLayout)
    }
}

private struct CompiledReverseMode: CompiledHypergradient {
    let step: Linearization
    /// Nil where a state is y alone: λ_0 is then dF/dy_0 itself.
    let start: CompiledFunction?
    let upperLayout: PointLayout, lowerLayout: PointLayout, stateLayout: PointLayout

    var linearization: Linearization? { step }
    var functions: [CompiledFunction] { [step.transposed, step.keeping?.transposed, start].compactMap { $0 } }
    var byteCount: Int { 2 * upperLayout.byteCount + 2 * stateLayout.byteCount }

    func makeComputation(temporaries: Storage) -> any HypergradientComputation {
        ReverseComputation(self, temporaries)
    }
}

private final class ReverseComputation: HypergradientComputation {
    private let transposedStep: Replay, keepingTransposedStep: Replay?, transposedStart: Replay?
    /// λ and g of this and of the next step, in turn.
    private let adjoints: (Point, Point), totals: (Point, Point)
    /// Of the first λ, the part of y.
    private let lowerAdjoint: Point
    private var stepCount = 0

    init(_ compiled: CompiledReverseMode, _ temporaries: Storage) {
        transposedStep = Replay(compiled.step.transposed, temporaries: temporaries)
        keepingTransposedStep = compiled.step.keeping.map { Replay($0.transposed, temporaries: temporaries) }
        transposedStart = compiled.start.map { Replay($0, temporaries: temporaries) }
        adjoints = (Point(compiled.stateLayout), Point(compiled.stateLayout))
        totals = (Point(compiled.upperLayout), Point(compiled.upperLayout))
        lowerAdjoint = adjoints.0.part(0..<compiled.lowerLayout.count)
    }

    func callAsFunction(
        _ trajectory: Trajectory, from first: Int, to last: Int, into gradients: HypergradientPoints, pool: ThreadPool?
    ) -> AdjointReport? {
        var (λ, nextλ) = adjoints, (g, nextG) = totals
        λ.clear()  // F does not read what the dynamics carries besides y
        trajectory.directGradient(at: last, upper: g, lower: lowerAdjoint)
        stepCount = last - first
        func transpose(
            _ replay: Replay?, _ steps: Range<Int>, _ states: RecordedSteps, _ residuals: RecordedSteps?
        ) {
            guard let replay, let k = steps.last else { return }
            if let residuals {
                replay.repeated(
                    steps.count, .fixed(trajectory.x), states.backward(from: k), .alternating(λ, nextλ),
                    .alternating(g, nextG), residuals.backward(from: k),
                    into: .alternating(nextλ, λ), .alternating(nextG, g), on: pool)
            } else {
                replay.repeated(
                    steps.count, .fixed(trajectory.x), states.backward(from: k), .alternating(λ, nextλ),
                    .alternating(g, nextG), into: .alternating(nextλ, λ), .alternating(nextG, g), on: pool)
            }
            if steps.count % 2 == 1 {
                swap(&λ, &nextλ)
                swap(&g, &nextG)
            }
        }
        trajectory.forEachStretchBackward(first..<last) { steps, states, residuals in
            let keeping = trajectory.residualSteps(steps)
            transpose(transposedStep, keeping.upperBound..<steps.upperBound, states, nil)
            transpose(keepingTransposedStep, keeping, states, residuals)
        }
        if first > 0 {
            gradients.start.clear()
        } else if let transposedStart {
            transposedStart(trajectory.lower(0), λ, into: gradients.start)
        } else {
            gradients.start.copy(from: λ)
        }
        gradients.upper.copy(from: g)
        return nil
    }

    var profiled: [(program: String, runs: Int, replay: Replay)] {
        [("transposed step", stepCount, keepingTransposedStep ?? transposedStep)]
    }
}

import BilevelOptimization
import Tensors

/// dF/dx = ∇_x F - rate · ∇²_xy f ∇_y F at y_K: the implicit function theorem with rate · identity in place of the
/// inverse Hessian (Luketina et al. 2016). Exact where ∇²_yy f is 1/rate · identity.
public struct OneStepImplicit: HypergradientEstimator {
    public let rate: Double

    public init(rate: Double) { self.rate = rate }

    public var name: String { "one-step implicit" }

    public func needs(of loop: LowerLoop) -> TrajectoryNeeds { .end }

    public func check(_ loop: LowerLoop, onto lowerConstraint: Constraint) throws(SolverError) {
        try loop.checkReadsEndOnly()
        guard rate > 0 else { throw .notPositive(name: "rate of the \(name) hypergradient", value: rate) }
        guard lowerConstraint.isWholeSpace else {
            throw .incompatible(
                .lowerConstraint, expected: "the whole space with the \(name) hypergradient", got: "\(lowerConstraint)",
                nearest: "conjugate gradient")
        }
    }

    public func compile(
        _ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation
    ) -> any CompiledHypergradient {
        let step = TracedFunction(of: [levels.x, levels.y], to: [levels.lowerGradient.map { $0 * -rate }])
        return CompiledOneStep(response: step.pullback(toArguments: [0]).compiled(in: compilation))
    }
}

private struct CompiledOneStep: CompiledHypergradient {
    /// (x, y, v) to -rate · ∇²_xy f v.
    let response: CompiledFunction

    var functions: [CompiledFunction] { [response] }
    var byteCount: Int { response.results[0].byteCount }

    func makeComputation(temporaries: Storage) -> any HypergradientComputation {
        OneStepComputation(Replay(response, temporaries: temporaries))
    }
}

private final class OneStepComputation: HypergradientComputation {
    private let replay: Replay, response: Point

    init(_ replay: Replay) { (self.replay, response) = (replay, Point(replay.function.results[0])) }

    func callAsFunction(
        _ trajectory: Trajectory, from first: Int, to last: Int, into gradients: HypergradientPoints, pool: ThreadPool?
    ) -> AdjointReport? {
        trajectory.directGradient(at: last, upper: gradients.upper, lower: gradients.start)
        replay(trajectory.x, trajectory.lower(last), gradients.start, into: response, on: pool)
        gradients.upper.accumulate(response)
        gradients.start.clear()
        return nil
    }
}

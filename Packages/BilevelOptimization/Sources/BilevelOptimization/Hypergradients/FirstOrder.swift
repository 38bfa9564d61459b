import Tensors

/// Without second derivatives: dF/dx = ∇_x F, dF/dz = ∇_y F (FOMAML, Finn et al. 2017; Nichol et al. 2018).
public struct FirstOrder: HypergradientEstimator {
    /// It has no settings.
    public init() {}

    public var name: String { "first order" }
    public var reachesStart: Bool { true }

    public func needs(of loop: LowerLoop) -> TrajectoryNeeds {
        loop.truncation.needsEveryValue ? .states(from: 0) : .end
    }

    public func compile(
        _ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation
    ) -> any CompiledHypergradient { CompiledFirstOrder() }
}

private struct CompiledFirstOrder: CompiledHypergradient {
    var functions: [CompiledFunction] { [] }
    var byteCount: Int { 0 }

    func makeComputation(temporaries: Storage) -> any HypergradientComputation { FirstOrderComputation() }
}

private final class FirstOrderComputation: HypergradientComputation {
    func callAsFunction(
        _ trajectory: Trajectory, from first: Int, to last: Int, into gradients: HypergradientPoints, pool: ThreadPool?
    ) -> AdjointReport? {
        trajectory.directGradient(at: last, upper: gradients.upper, lower: gradients.start)
        if first > 0 { gradients.start.clear() }
        return nil
    }
}

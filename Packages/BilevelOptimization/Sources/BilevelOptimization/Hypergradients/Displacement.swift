import Tensors

/// Without derivatives of F: dF/dx = 0, dF/dz = z - y_K (Reptile, Nichol et al. 2018). For learned starts only.
public struct Displacement: HypergradientEstimator {
    /// It has no settings.
    public init() {}

    public var name: String { "displacement" }
    public var reachesStart: Bool { true }
    public var movesStartOnly: Bool { true }

    public func needs(of loop: LowerLoop) -> TrajectoryNeeds { .end }

    public func check(_ loop: LowerLoop, onto lowerConstraint: Constraint) throws(SolverError) {
        guard loop.initialization.isLearned else {
            throw .incompatible(
                .initialization, expected: "a learned one, which the displacement z - y_K moves",
                got: "\(loop.initialization)", nearest: "a learned initialization")
        }
        try loop.checkIsWhole()
    }

    public func compile(
        _ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation
    ) -> any CompiledHypergradient { CompiledDisplacement() }
}

private struct CompiledDisplacement: CompiledHypergradient {
    var functions: [CompiledFunction] { [] }
    var byteCount: Int { 0 }

    func makeComputation(temporaries: Storage) -> any HypergradientComputation { DisplacementComputation() }
}

private final class DisplacementComputation: HypergradientComputation {
    func callAsFunction(
        _ trajectory: Trajectory, from first: Int, to last: Int, into gradients: HypergradientPoints, pool: ThreadPool?
    ) -> AdjointReport? {
        gradients.upper.clear()
        gradients.start.clear()
        gradients.start.add(1, trajectory.startingPoint)
        gradients.start.add(-1, trajectory.lower)
        return nil
    }
}

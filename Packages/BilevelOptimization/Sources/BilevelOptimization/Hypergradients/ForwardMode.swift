import Tensors

/// dF/dx, and dF/dy_0 where z is learned, by pushing one tangent at a time through the trajectory's steps:
/// ṡ_{k+1} = ∂Φ/∂s ṡ_k + ∂Φ/∂x ẋ (Franceschi et al. 2017, forward mode). One pass a coordinate, memory for one state.
public struct ForwardMode: HypergradientEstimator {
    /// It has no settings.
    public init() {}

    public var name: String { "forward" }
    public var reachesStart: Bool { true }

    public func needs(of loop: LowerLoop) -> TrajectoryNeeds {
        .states(from: loop.firstDifferentiatedStep)
    }

    public func compile(
        _ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation
    ) -> any CompiledHypergradient {
        CompiledForwardMode(
            start: loop.initialization.isLearned
                ? levels.start.pushforward(alongArguments: [0]).compiled(in: compilation) : nil,
            step: levels.step.pushforward(alongArguments: [0, 1]).compiled(in: compilation),
            upperLayout: levels.upperLayout, lowerLayout: levels.lowerLayout, stateLayout: levels.stateLayout)
    }
}

private struct CompiledForwardMode: CompiledHypergradient {
    /// (y_0, ẏ_0) to ṡ_0, where y_0 is learned: one more pass for each of its coordinates.
    let start: CompiledFunction?
    /// (x, s, ẋ, ṡ) to ṡ'.
    let step: CompiledFunction
    let upperLayout: PointLayout, lowerLayout: PointLayout, stateLayout: PointLayout

    var functions: [CompiledFunction] { [start, step].compactMap { $0 } }
    var byteCount: Int { upperLayout.byteCount + 2 * lowerLayout.byteCount + 2 * stateLayout.byteCount }

    func makeComputation(temporaries: Storage) -> any HypergradientComputation {
        ForwardComputation(self, temporaries)
    }
}

private final class ForwardComputation: HypergradientComputation {
    private let start: Replay?, step: Replay
    private let upperTangent: Point, startTangent: Point, direct: Point
    private var tangent: Point, next: Point

    init(_ compiled: CompiledForwardMode, _ temporaries: Storage) {
        start = compiled.start.map { Replay($0, temporaries: temporaries) }
        step = Replay(compiled.step, temporaries: temporaries)
        upperTangent = Point(compiled.upperLayout)
        startTangent = Point(compiled.lowerLayout)
        direct = Point(compiled.lowerLayout)
        tangent = Point(compiled.stateLayout)
        next = Point(compiled.stateLayout)
    }

    func callAsFunction(
        _ trajectory: Trajectory, from first: Int, to last: Int, into gradients: HypergradientPoints, pool: ThreadPool?
    ) -> AdjointReport? {
        trajectory.directGradient(at: last, upper: gradients.upper, lower: direct)
        for i in 0..<gradients.upper.layout.elementCount {
            upperTangent.clear()
            upperTangent[element: i] = 1
            tangent.clear()
            push(trajectory, first..<last, pool)
            gradients.upper[element: i] += direct.dot(tangent.part(0..<direct.count))
        }
        gradients.start.clear()
        guard first == 0, let start else { return nil }
        upperTangent.clear()
        for i in 0..<gradients.start.layout.elementCount {
            startTangent.clear()
            startTangent[element: i] = 1
            start(trajectory.lower(first), startTangent, into: tangent, on: pool)
            push(trajectory, first..<last, pool)
            gradients.start[element: i] = direct.dot(tangent.part(0..<direct.count))
        }
        return nil
    }

    private func push(_ trajectory: Trajectory, _ steps: Range<Int>, _ pool: ThreadPool?) {
        for k in steps {
            step(trajectory.x, trajectory.state(k), upperTangent, tangent, into: next, on: pool)
            swap(&tangent, &next)
        }
    }
}

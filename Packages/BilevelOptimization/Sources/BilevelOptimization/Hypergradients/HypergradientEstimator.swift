import Tensors

/// A way to compute dF/dx (and dF/dy_0) from a lower trajectory. One file each; an outside package adds its own the
/// same way, and hands it to a method as `Hypergradient(MyEstimator())`.
public protocol HypergradientEstimator: Sendable, Hashable {
    /// As it is called in messages and settings.
    var name: String { get }
    /// What it reads of the trajectory: nothing else is stored.
    func needs(of loop: LowerLoop) -> TrajectoryNeeds
    /// Throws where it makes no sense with these dynamics, this truncation and this set, and names the nearest valid
    /// choice.
    func check(_ loop: LowerLoop, onto lowerConstraint: Constraint) throws(SolverError)
    /// Whether dF/dy_0 comes out: what a learned initialization needs.
    var reachesStart: Bool { get }
    /// Whether dF/dx is zero by construction, so that it only serves a learned initialization.
    var movesStartOnly: Bool { get }
    /// Compiles what it replays; once a problem, for all threads.
    func compile(_ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation) -> any CompiledHypergradient
}

extension HypergradientEstimator {
    public func check(_ loop: LowerLoop, onto lowerConstraint: Constraint) throws(SolverError) {}
    public var reachesStart: Bool { false }
    public var movesStartOnly: Bool { false }
}

/// The functions of a hypergradient; immutable.
public protocol CompiledHypergradient: Sendable {
    /// The step's linearization, where the trajectory is to keep residuals for it.
    var linearization: Linearization? { get }
    /// All functions that a computation replays.
    var functions: [CompiledFunction] { get }
    /// Bytes that a computation holds beside the trajectory, temporaries aside.
    var byteCount: Int { get }
    /// - Parameter temporaries: for the replays; no two of them run at once.
    func makeComputation(temporaries: Storage) -> any HypergradientComputation
}

extension CompiledHypergradient {
    public var linearization: Linearization? { nil }
}

/// The memory of one thread in which a hypergradient is computed.
public protocol HypergradientComputation: AnyObject {
    /// Computes into `gradients` what the steps `first` … `last` - 1 make of F(x, y_last). With `first` > 0 y_first
    /// counts as a constant, so that dF/dy_0 is zeros.
    func callAsFunction(
        _ trajectory: Trajectory, from first: Int, to last: Int, into gradients: HypergradientPoints, pool: ThreadPool?
    ) -> AdjointReport?
    /// What ran in the last computation, for profiles.
    var profiled: [(program: String, runs: Int, replay: Replay)] { get }
}

extension HypergradientComputation {
    public var profiled: [(program: String, runs: Int, replay: Replay)] { [] }
}

/// dF/dx and dF/dy_0. The latter is never the derivative of another state: it is zeros where the hypergradient does not
/// go back to y_0.
public struct HypergradientPoints: Sendable {
    /// In x's and in y's layout.
    public let upper: Point, start: Point

    /// Zeros.
    public init(upper: PointLayout, lower: PointLayout) { (self.upper, start) = (Point(upper), Point(lower)) }

    func clear() {
        upper.clear()
        start.clear()
    }

    func copy(from other: HypergradientPoints) {
        upper.copy(from: other.upper)
        start.copy(from: other.start)
    }
}

import Tensors

/// dF/dx of the last step y_K = Proj(y - α ∇_y f(x, y)), y = y_{K-1}, without second derivatives (DARTS, Liu et al.
/// 2019, eq. 8): ∇_x F - α (∇_x f(x, y + ε v) - ∇_x f(x, y - ε v))/(2ε), v = ∇_y F on the coordinates that the
/// projection leaves free, ε = radius/‖v‖.
public struct FiniteDifference: HypergradientEstimator {
    /// How far the two points lie from y: ‖ε v‖.
    public let radius: Double

    /// - Parameter radius: positive.
    public init(radius: Double = 0.01) { self.radius = radius }

    public var name: String { "finite difference" }

    public func needs(of loop: LowerLoop) -> TrajectoryNeeds { .end }

    public func check(_ loop: LowerLoop, onto lowerConstraint: Constraint) throws(SolverError) {
        try loop.checkReadsEndOnly()
        try checkPositive([("difference radius", radius)])
        guard loop.dynamics.isGradientDescent else {
            throw .incompatible(
                .dynamics, expected: "plain gradient descent with the finite-difference hypergradient",
                got: "\(loop.dynamics)", nearest: "one step in reverse mode (truncation to the last step)")
        }
    }

    public func compile(
        _ levels: TracedLevels, _ loop: LowerLoop, in compilation: Compilation
    ) -> any CompiledHypergradient {
        let rate = loop.dynamics.rate, cotangent = levels.y.map { $0.placeholder("v") }
        let reached = zip(levels.y, levels.lowerGradient).map { $0 - $1 * rate }
        let through = pullback(
            of: levels.stepConstraint.projection(reached), cotangents: cotangent, withRespectTo: reached)
        return CompiledFiniteDifference(
            direction: CompiledFunction(of: [levels.x, levels.y, cotangent], to: [through], in: compilation),
            upperGradient: CompiledFunction(
                of: [levels.x, levels.y],
                to: [gradient(of: levels.lowerObjective.results[0][0], withRespectTo: levels.x)], in: compilation),
            rate: rate, radius: radius, upperLayout: levels.upperLayout, lowerLayout: levels.lowerLayout)
    }
}

private struct CompiledFiniteDifference: CompiledHypergradient {
    /// (x, y, ∇_y F) to v; (x, y) to ∇_x f.
    let direction: CompiledFunction, upperGradient: CompiledFunction
    let rate: Double, radius: Double
    let upperLayout: PointLayout, lowerLayout: PointLayout

    var functions: [CompiledFunction] { [direction, upperGradient] }
    var byteCount: Int { 2 * lowerLayout.byteCount + upperLayout.byteCount }

    func makeComputation(temporaries: Storage) -> any HypergradientComputation {
        FiniteDifferenceComputation(self, temporaries)
    }
}

private final class FiniteDifferenceComputation: HypergradientComputation {
    private let direction: Replay, upperGradient: Replay
    private let rate: Double, radius: Double
    private let v: Point, shifted: Point, difference: Point

    init(_ compiled: CompiledFiniteDifference, _ temporaries: Storage) {
        direction = Replay(compiled.direction, temporaries: temporaries)
        upperGradient = Replay(compiled.upperGradient, temporaries: temporaries)
        (rate, radius) = (compiled.rate, compiled.radius)
        v = Point(compiled.lowerLayout)
        shifted = Point(compiled.lowerLayout)
        difference = Point(compiled.upperLayout)
    }

    func callAsFunction(
        _ trajectory: Trajectory, from first: Int, to last: Int, into gradients: HypergradientPoints, pool: ThreadPool?
    ) -> AdjointReport? {
        defer { gradients.start.clear() }
        trajectory.directGradient(at: last, upper: gradients.upper, lower: gradients.start)
        let x = trajectory.x, y = trajectory.lower(last - 1)
        direction(x, y, gradients.start, into: v, on: pool)
        let norm = v.norm()
        guard norm > 0 else { return nil }
        let step = radius / norm
        for sign in [1.0, -1.0] {
            shifted.clear()
            shifted.add(1, y)
            shifted.add(sign * step, v)
            upperGradient(x, shifted, into: difference, on: pool)
            gradients.upper.add(-sign * rate / (2 * step), difference)
        }
        return nil
    }
}

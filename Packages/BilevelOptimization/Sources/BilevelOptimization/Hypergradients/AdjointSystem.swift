import Tensors

/// The linear system of an implicit hypergradient at the trajectory's end, as functions: its product, its right-hand
/// side, and what its solution v contributes to dF/dx.
struct AdjointSystem: Sendable {
    /// (x, s, p) to A p, or T p.
    let product: CompiledFunction
    /// (x, y, ∇_y F) to the right-hand side; nil where it is ∇_y F itself, and zeros for what the dynamics carries.
    let rightSide: CompiledFunction?
    /// (x, s, v, ∇_x F) to dF/dx.
    let response: CompiledFunction
    /// Of v.
    let layout: PointLayout

    /// ∇²_yy f v = ∇_y F, dF/dx = ∇_x F - ∇²_xy f v. Coordinates that the constraint holds at their bound do not take
    /// part.
    /// - Parameter series: the rate of a Neumann series, whose product is T = I - rate ∇²_yy f.
    static func hessian(_ levels: TracedLevels, series rate: Double? = nil, in compilation: Compilation)
        -> AdjointSystem
    {
        let (x, y) = (levels.x, levels.y), lowerGradient = levels.lowerGradient
        let isFree = freeCoordinates(levels, lowerGradient)
        let p = y.map { $0.placeholder("p") }, free = zip(p, isFree).map { $0 * $1 }
        let curved = zip(pullback(of: lowerGradient, cotangents: free, withRespectTo: y), isFree).map { $0 * $1 }
        let product = rate.map { rate in zip(free, curved).map { $0 - $1 * rate } } ?? curved
        let direct = x.map { $0.placeholder("g") }
        let mixed = pullback(of: lowerGradient, cotangents: free, withRespectTo: x)
        return AdjointSystem(
            product: CompiledFunction(of: [x, y, p], to: [product], in: compilation),
            rightSide: CompiledFunction(of: [x, y, p], to: [free], in: compilation),
            response: CompiledFunction(
                of: [x, y, p, direct], to: [zip(direct, mixed).map { $0 - $1 }], in: compilation),
            layout: levels.lowerLayout)
    }

    /// (I - ∂Φ/∂s)ᵀ λ = ∇_y F, dF/dx = ∇_x F + λ ∂Φ/∂x.
    /// - Parameter isSeries: whether the product is T = (∂Φ/∂s)ᵀ alone, for an iteration.
    static func fixedPoint(_ levels: TracedLevels, isSeries: Bool, in compilation: Compilation) -> AdjointSystem {
        let (x, s) = (levels.x, levels.state), λ = s.map { $0.placeholder("λ") }
        let after = levels.step.results[0], transposed = pullback(of: after, cotangents: λ, withRespectTo: s)
        let product = isSeries ? transposed : zip(λ, transposed).map { $0 - $1 }
        let direct = x.map { $0.placeholder("g") }
        let parts = zip(direct, pullback(of: after, cotangents: λ, withRespectTo: x)).map { $0 + $1 }
        return AdjointSystem(
            product: CompiledFunction(of: [x, s, λ], to: [product], in: compilation), rightSide: nil,
            response: CompiledFunction(of: [x, s, λ, direct], to: [parts], in: compilation), layout: levels.stateLayout)
    }

    /// 1 where the constraint lets a coordinate move, 0 where it holds it, at the point that a descent step would
    /// reach.
    private static func freeCoordinates(_ levels: TracedLevels, _ lowerGradient: [Tensor]) -> [Tensor] {
        let rate = levels.dynamics.rate
        let reached = zip(levels.y, lowerGradient).map { $0 - $1 * rate }
        let ones = levels.y.map { Tensor.ones($0.shape, elementType: $0.elementType) }
        return pullback(of: levels.stepConstraint.projection(reached), cotangents: ones, withRespectTo: reached)
    }
}

/// An implicit hypergradient: a system, and what solves it.
struct CompiledImplicit: CompiledHypergradient {
    typealias Solve = @Sendable (_ multiply: LinearSolvers.Product, _ b: Point, _ v: Point) -> AdjointReport

    let system: AdjointSystem
    let upperLayout: PointLayout
    /// Vectors that the solver holds, v and b aside.
    let vectorCount: Int
    let solve: Solve

    var functions: [CompiledFunction] {
        [system.product, system.response] + (system.rightSide.map { [$0] } ?? [])
    }

    var byteCount: Int { (vectorCount + 2) * system.layout.byteCount + upperLayout.byteCount }

    func makeComputation(temporaries: Storage) -> any HypergradientComputation {
        ImplicitComputation(self, temporaries)
    }
}

private final class ImplicitComputation: HypergradientComputation {
    private let product: Replay, rightSide: Replay?, response: Replay
    private let solve: CompiledImplicit.Solve
    private let b: Point, v: Point, result: Point

    init(_ compiled: CompiledImplicit, _ temporaries: Storage) {
        let system = compiled.system
        product = Replay(system.product, temporaries: temporaries)
        rightSide = system.rightSide.map { Replay($0, temporaries: temporaries) }
        response = Replay(system.response, temporaries: temporaries)
        solve = compiled.solve
        (b, v, result) = (Point(system.layout), Point(system.layout), Point(compiled.upperLayout))
    }

    func callAsFunction(
        _ trajectory: Trajectory, from first: Int, to last: Int, into gradients: HypergradientPoints, pool: ThreadPool?
    ) -> AdjointReport? {
        defer { gradients.start.clear() }
        trajectory.directGradient(at: last, upper: gradients.upper, lower: gradients.start)
        let x = trajectory.x, state = trajectory.state(last).part(0..<b.count)
        if let rightSide {
            rightSide(x, state, gradients.start, into: b, on: pool)
        } else {
            b.clear()
            b.part(0..<gradients.start.count).copy(from: gradients.start)
        }
        let report = solve({ p, result in self.product(x, state, p, into: result, on: pool) }, b, v)
        response(x, state, v, gradients.upper, into: result, on: pool)
        gradients.upper.copy(from: result)
        return report
    }
}

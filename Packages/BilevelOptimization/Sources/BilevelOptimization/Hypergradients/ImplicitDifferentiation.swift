import Tensors

/// dF/dx by the implicit function theorem at the last state of a trajectory, which is taken for a solution of the lower
/// problem.
final class ImplicitDifferentiation {
    private let hypergradient: Hypergradient
    private let lowerCount: Int, stateCount: Int, upperCount: Int
    /// (x, s, p) to A·p, or T·p: the system's product.
    private let product: Workspace
    /// (x, y, ∇_y F) to the right-hand side; nil where it is ∇_y F itself.
    private let rightSide: Workspace?
    /// (x, s, v, ∇_x F) to dF/dx.
    private let response: Workspace
    private let b: PackedTensors, v: PackedTensors, result: PackedTensors

    init<Upper: TensorTree, Lower: TensorTree>(
        _ hypergradient: Hypergradient, _ problem: BilevelProblem<Upper, Lower>, dynamics: Dynamics, upper: Upper,
        lower: Lower, levels: CompiledLevels<Upper, Lower>
    ) {
        self.hypergradient = hypergradient
        lowerCount = levels.lowerCount
        upperCount = upper.tensors.count
        let x = upper.placeholders("x"), y = lower.placeholders("y"), direct = x.tensors.map { $0.placeholder("g") }
        switch hypergradient {
        case .conjugateGradient, .neumann:
            stateCount = lowerCount
            let slope = gradient(of: problem.lowerObjective(x, y), withRespectTo: y).tensors
            let isFree = ImplicitDifferentiation.freeCoordinates(
                problem.stepConstraint, y.tensors, slope, rate: dynamics.rates.last!)
            let p = y.tensors.map { $0.placeholder("p") }, free = zip(p, isFree).map { $0 * $1 }
            let curved = zip(pullback(of: slope, cotangents: free, withRespectTo: y.tensors), isFree).map { $0 * $1 }
            if case .neumann(_, let rate) = hypergradient {
                product = Workspace(
                    Program(inputs: x.tensors + y.tensors + p, outputs: zip(free, curved).map { $0 - $1 * rate }))
            } else {
                product = Workspace(Program(inputs: x.tensors + y.tensors + p, outputs: curved))
            }
            rightSide = Workspace(Program(inputs: x.tensors + y.tensors + p, outputs: free))
            let mixed = pullback(of: slope, cotangents: free, withRespectTo: x.tensors)
            response = Workspace(
                Program(inputs: x.tensors + y.tensors + p + direct, outputs: zip(direct, mixed).map { $0 - $1 }))
            b = PackedTensors(PackedTensors.Layout(of: y.tensors))
        default:
            let state = dynamics.initialState(for: y.tensors).map { $0.placeholder("s") }
            let next = dynamics.step(problem, x, y, state: state), before = y.tensors + state,
                after = next.lower + next.state
            stateCount = before.count
            let p = after.map { $0.placeholder("λ") }
            let transposed = pullback(of: after, cotangents: p, withRespectTo: before)
            if case .gmres = hypergradient {
                product = Workspace(
                    Program(inputs: x.tensors + before + p, outputs: zip(p, transposed).map { $0 - $1 }))
            } else {
                product = Workspace(Program(inputs: x.tensors + before + p, outputs: transposed))
            }
            rightSide = nil
            let parts = zip(direct, pullback(of: after, cotangents: p, withRespectTo: x.tensors)).map { $0 + $1 }
            response = Workspace(Program(inputs: x.tensors + before + p + direct, outputs: parts))
            b = PackedTensors(levels.stateLayout)
        }
        v = PackedTensors(b.layout)
        result = PackedTensors(levels.upperLayout)
    }

    /// 1 where the constraint lets a coordinate move, 0 where it holds it, at the point that a descent step would
    /// reach.
    private static func freeCoordinates(_ constraint: Constraint, _ y: [Tensor], _ slope: [Tensor], rate: Double)
        -> [Tensor]
    {
        let reached = zip(y, slope).map { $0 - $1 * rate },
            ones = y.map { Tensor.ones($0.shape, elementType: $0.elementType) }
        return pullback(of: constraint.projection(reached), cotangents: ones, withRespectTo: reached)
    }

    /// - Parameters:
    ///   - upperGradient: ∇_x F on entry, dF/dx on return.
    ///   - slope: ∇_y F.
    func callAsFunction(
        _ x: PackedTensors, at state: PackedTensors, upperGradient: PackedTensors, slope: PackedTensors,
        pool: ThreadPool?
    ) -> AdjointReport {
        if let rightSide {
            run(rightSide, x, state, slope, into: b, pool)
        } else {
            b.clear()
            b.copy(from: slope, count: lowerCount)
        }
        let multiply: LinearSolvers.Product = { p, product in self.run(self.product, x, state, p, into: product, pool) }
        let report: AdjointReport
        switch hypergradient {
        case .conjugateGradient(let maximum, let tolerance):
            report = LinearSolvers.conjugateGradient(
                multiply, b, into: v, maximumIterations: maximum, tolerance: tolerance)
        case .neumann(let terms, let rate):
            report = LinearSolvers.powerSeries(multiply, b, into: v, terms: terms, tolerance: 0)
            v.scale(rate)
        case .fixedPoint(let maximum, let tolerance):
            report = LinearSolvers.powerSeries(multiply, b, into: v, terms: maximum, tolerance: tolerance)
        case .gmres(let maximum, let tolerance):
            report = LinearSolvers.gmres(multiply, b, into: v, maximumIterations: maximum, tolerance: tolerance)
        default: preconditionFailure("not an implicit hypergradient: \(hypergradient)")
        }
        response.bind(inputs: 0, to: x)
        response.bind(inputs: upperCount, to: state, count: stateCount)
        response.bind(inputs: upperCount + stateCount, to: v)
        response.bind(inputs: upperCount + 2 * stateCount, to: upperGradient)
        response.bind(outputs: 0, to: result)
        response.run(on: pool)
        upperGradient.copy(from: result)
        return report
    }

    private func run(
        _ program: Workspace, _ x: PackedTensors, _ state: PackedTensors, _ p: PackedTensors,
        into result: PackedTensors, _ pool: ThreadPool?
    ) {
        program.bind(inputs: 0, to: x)
        program.bind(inputs: upperCount, to: state, count: stateCount)
        program.bind(inputs: upperCount + stateCount, to: p, count: stateCount)
        program.bind(outputs: 0, to: result)
        program.run(on: pool)
    }
}

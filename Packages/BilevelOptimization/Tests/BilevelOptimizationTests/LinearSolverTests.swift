import BilevelTestProblems
import Tensors
import Testing

@testable import BilevelOptimization

/// A dense system, and all solvers of it by one signature.
private struct DenseSystem {
    let rows: [[Double]], b: [Double]
    var elementType = ElementType.float64

    enum Method: CaseIterable { case conjugateGradient, gmres, powerSeries }

    func times(_ p: [Double]) -> [Double] { rows.map { row in zip(row, p).reduce(0) { $0 + $1.0 * $1.1 } } }

    func relativeResidual(_ v: [Double]) -> Double {
        func norm(_ v: [Double]) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        return norm(zip(b, times(v)).map { $0 - $1 }) / norm(b)
    }

    /// - Parameter rate: of the power series, T = I - rate · A, whose right-hand side is rate · b.
    func solve(
        _ method: Method, iterations: Int, tolerance: Double = 1e-10, rate: Double = 0.1
    ) -> (v: [Double], report: AdjointReport) {
        func vector(_ values: [Double]) -> LinearSolvers.Vector {
            LinearSolvers.Vector(copying: [Tensor(values).converted(to: elementType).evaluated()])
        }
        func values(_ vector: LinearSolvers.Vector) -> [Double] { (0..<b.count).map { vector[element: $0] } }
        let v = vector(b.map { _ in 0 })
        let multiply: LinearSolvers.Product = { p, product in product.copy(from: vector(times(values(p)))) }
        let report =
            switch method {
            case .conjugateGradient:
                LinearSolvers.conjugateGradient(
                    multiply, vector(b), into: v, maximumIterations: iterations, tolerance: tolerance)
            case .gmres:
                LinearSolvers.gmres(multiply, vector(b), into: v, maximumIterations: iterations, tolerance: tolerance)
            case .powerSeries:
                LinearSolvers.powerSeries(
                    { p, product in
                        product.copy(from: vector(zip(values(p), times(values(p))).map { $0 - rate * $1 }))
                    }, vector(b.map { $0 * rate }), into: v, terms: iterations, stopsBelow: tolerance,
                    tolerance: tolerance)
            }
        return (values(v), report)
    }

    /// Curvatures 1 … condition in a rotated basis, or what is given; b of ones.
    static func symmetric(_ curvatures: [Double], b: [Double]? = nil) -> DenseSystem {
        // A Householder reflection by (1, 2, …, n): orthogonal and symmetric.
        let n = curvatures.count, u = (1...n).map(Double.init), square = u.reduce(0) { $0 + $1 * $1 }
        let q = (0..<n).map { i in (0..<n).map { j in (i == j ? 1 : 0) - 2 * u[i] * u[j] / square } }
        let rows = (0..<n).map { i in
            (0..<n).map { j in (0..<n).reduce(0) { $0 + q[i][$1] * curvatures[$1] * q[j][$1] } }
        }
        return DenseSystem(rows: rows, b: b ?? [Double](repeating: 1, count: n))
    }
}

@Suite struct LinearSolverTests {
    /// In float32 the recurrences of GMRES and conjugate gradient fall to 1e-10 and below; the answers cannot.
    @Test(arguments: [ElementType.float32, .float64]) func theReportedResidualIsThatOfTheAnswer(_ type: ElementType) {
        var system = DenseSystem.symmetric([1, 3, 10, 30, 100, 300])
        system.elementType = type
        for (method, iterations) in [
            (DenseSystem.Method.conjugateGradient, 3), (.conjugateGradient, 12), (.gmres, 3), (.gmres, 12),
            (.powerSeries, 50), (.powerSeries, 9_000),
        ] {
            let (v, report) = system.solve(method, iterations: iterations, rate: 0.003)
            // Both residuals carry the rounding of one product in the element type: condition 300.
            let rounding =
                300
                * LinearSolvers.precision(
                    of: LinearSolvers.Vector(copying: [Tensor([1.0] as [Double]).converted(to: type).evaluated()]))
            #expect(abs(report.relativeResidual - system.relativeResidual(v)) < rounding, "\(method), \(iterations)")
            #expect(report.outcome != .failed)
            if type == .float64 { #expect(report.isConverged == (report.relativeResidual <= 1e-10)) }
        }
    }

    /// f = ½ (y₁ - x)² with y in R²: ∇²_yy f = diag(1, 0), F = ½ ‖y - 1‖², x = 3. The least residual leaves v₁ = 2 =
    /// dF/dx.
    @Test(arguments: [
        Hypergradient.conjugateGradient(), .gmres(), .neumann(terms: 60, rate: 0.5),
        .fixedPoint(maximumIterations: 60),
    ])
    func aSingularSystemIsNotSolvedPastItsBestIterate(_ hypergradient: Hypergradient) throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { _, y in (y - 1).squaredNorm() * 0.5 },
            lowerObjective: { x, y in (y.sliced(0..<1) - x).squaredNorm() * 0.5 })
        var method = Method(
            dynamics: .descent(.gradientDescent(rate: 0.5)), innerIterations: 60, hypergradient: hypergradient)
        func solver() throws -> Solver<Tensor, Tensor> {
            try Solver(
                problem, method: method, upperRule: .gradientDescent(rate: 0.1), upper: Tensor([3.0] as [Double]),
                lower: Tensor([0, 0.3] as [Double]))
        }
        let asked = try solver(), adjoint = try asked.computeHypergradient().adjoint!
        expectClose(asked.hypergradient.scalars, [2], 1e-12)
        expectClose([adjoint.relativeResidual], [0.7 / (4 + 0.49).squareRoot()], 1e-12)
        #expect(!adjoint.isConverged)
        // The series do not diverge: they are cut short, and move x.
        guard adjoint.outcome == .failed else {
            #expect(hypergradient != .conjugateGradient() && hypergradient != .gmres())
            return
        }
        let first = try solver()
        #expect {
            _ = try first.step()
        } throws: { error in
            guard case SolverError.adjointFailed(let residual, _, 1) = error else { return false }
            return residual == adjoint.relativeResidual
        }
        #expect(first.upper.scalars == [3] && first.iteration == 0)
        method.acceptsFailedAdjoint = true
        let second = try solver()
        _ = try second.step()
        expectClose(second.upper.scalars, [2.8], 1e-12)
    }

    /// b has a part that A cannot reach: the answer's residual is that part.
    @Test(arguments: [ElementType.float32, .float64])
    func singularSystemsLeaveTheLeastResidual(_ type: ElementType) {
        for curvatures in [[1, 2, 3, 0], [1, 2, 0, 0, 5], [1, 10, 100, 0, 0]] as [[Double]] {
            var system = DenseSystem.symmetric(curvatures)
            system.elementType = type
            // The part of b that a long, safe gradient descent on ½‖b - A v‖² leaves.
            let scale = curvatures.max()! * curvatures.max()!
            var v = system.b.map { _ in 0.0 }
            for _ in 0..<200_000 {
                let step = system.times(zip(system.b, system.times(v)).map { $0 - $1 })
                v = zip(v, step).map { $0 + $1 / scale }
            }
            let least = system.relativeResidual(v)
            for method in [DenseSystem.Method.conjugateGradient, .gmres] {
                let (_, report) = system.solve(method, iterations: 50)
                #expect(report.outcome == .failed, "\(curvatures), \(method)")
                let margin = type == .float32 ? 1e-3 : 1e-9
                #expect(report.relativeResidual < least + margin, "\(curvatures), \(method): least \(least)")
            }
        }
    }

    /// Indefinite, ill-conditioned, too few iterations: never farther from b than v = 0.
    @Test func noAnswerOfConjugateGradientIsWorseThanNone() {
        for curvatures in [[1, 1e2, 1e4], [1, 1e3, 1e6, 1e-2], [1, -1, 2], [1, -0.9, 0.5, -3], [1e-3, -1e3, 1]]
            as [[Double]]
        {
            for iterations in 1...6 {
                let system = DenseSystem.symmetric(curvatures)
                let (v, report) = system.solve(.conjugateGradient, iterations: iterations)
                #expect(system.relativeResidual(v) < 1 && report.relativeResidual < 1, "\(curvatures), \(iterations)")
            }
        }
    }

    @Test func theNeumannSeriesSaysWhetherItConverged() throws {
        func report(_ terms: Int, rate: Double) throws -> AdjointReport {
            let solver = try QuadraticProblem.small.solver(
                Method(
                    dynamics: .descent(.gradientDescent(rate: 0.1)), innerIterations: 400,
                    hypergradient: .neumann(terms: terms, rate: rate)))
            return try solver.computeHypergradient().adjoint!
        }
        // (1 - 0.1 · 0.5)^terms with the least curvature.
        #expect(try report(500, rate: 0.1).outcome == .converged)
        #expect(try report(100, rate: 0.1).outcome == .truncated)
        #expect(try report(1, rate: 0.1).outcome == .truncated)
        // The largest curvature is 4: from 0.5 on the series diverges.
        let diverging = try report(40, rate: 0.6)
        #expect(diverging.outcome == .failed && diverging.relativeResidual <= 1)
        #expect(try report(100_000, rate: 0.6).outcome == .failed)  // long before the terms overflow
    }

    /// λ of steps with momentum swings while it falls.
    @Test func swingingTermsAreNoDivergence() throws {
        for iterations in [150, 200, 250, 2_000] {
            let solver = try QuadraticProblem.small.solver(
                Method(
                    dynamics: .descent(.momentum(rate: 0.4, coefficient: 0.95)), innerIterations: 2_000,
                    hypergradient: .fixedPoint(maximumIterations: iterations)))
            #expect(
                try solver.computeHypergradient().adjoint!.outcome == (iterations < 2_000 ? .truncated : .converged))
        }
    }
}

import BilevelOptimization
import BilevelTestProblems
import Foundation
import Tensors
import Testing

/// Every way to a hypergradient against closed forms and against each other.
@Suite struct EstimatorTests {
    private static let rate = 0.01

    /// Enough steps that y_K is y* to the last bit or two: (1 - α a)^K with the smallest curvature.
    private func converged(_ hypergradient: Hypergradient, rate: Double = rate) -> Method {
        Method(dynamics: .descent(.gradientDescent(rate: rate)), innerIterations: 9_000, hypergradient: hypergradient)
    }

    @Test(arguments: [
        Hypergradient.conjugateGradient(), .neumann(terms: 9_000, rate: rate),
        .fixedPoint(maximumIterations: 9_000, tolerance: 1e-15), .gmres(tolerance: 1e-14), .reverse,
    ])
    func convergedHypergradientsEqualTheImplicitFunctionTheorem(_ hypergradient: Hypergradient) throws {
        for problem in [QuadraticProblem.small, .oneDimensional, .solved] {
            let solver = try problem.solver(converged(hypergradient))
            let report = try solver.computeHypergradient()
            expectClose(solver.hypergradient.scalars, problem.implicit(at: problem.start.x).hypergradient, 1e-10)
            if let adjoint = report.adjoint { #expect(adjoint.isConverged || adjoint.relativeResidual < 1e-14) }
        }
    }

    @Test func conjugateGradientIsExactInAsManyStepsAsDimensions() throws {
        let problem = QuadraticProblem.illConditioned
        let start = problem.implicit(at: problem.start.x).y
        func solve(_ iterations: Int) throws -> (Solver<Tensor, Tensor>, AdjointReport) {
            let method = Method(
                dynamics: .descent(.gradientDescent(rate: 0.01)), innerIterations: 1,
                hypergradient: .conjugateGradient(maximumIterations: iterations))
            let solver = try Solver(
                problem.problem(), method: method, upperRule: .gradientDescent(rate: 0.1),
                upper: Tensor(problem.start.x), lower: Tensor(start))
            return (solver, try solver.computeHypergradient().adjoint!)
        }
        let (solver, report) = try solve(5)
        // Rounding grows with the condition number, 10⁴ here.
        #expect(report.iterations == 5 && !report.metNegativeCurvature)
        expectClose(solver.hypergradient.scalars, problem.implicit(at: problem.start.x).hypergradient, 1e-7)
        #expect(try !solve(3).1.isConverged)
        let small = QuadraticProblem.small
        let three = try small.solver(
            Method(
                dynamics: .descent(.gradientDescent(rate: 0.2)), innerIterations: 400,
                hypergradient: .conjugateGradient(maximumIterations: 3)))
        #expect(try three.computeHypergradient().adjoint!.relativeResidual < 1e-13)
        expectClose(three.hypergradient.scalars, small.implicit(at: small.start.x).hypergradient, 1e-12)
    }

    @Test func oneDimensionAndNoneAndScalarsWork() throws {
        // The last iterate counts: one iteration is exact in one dimension.
        let one = try QuadraticProblem.oneDimensional.solver(
            Method(
                dynamics: .descent(.gradientDescent(rate: 0.5)), innerIterations: 60,
                hypergradient: .conjugateGradient(maximumIterations: 1)))
        let report = try one.computeHypergradient()
        #expect(report.adjoint!.iterations == 1 && report.adjoint!.isConverged)
        expectClose(one.hypergradient.scalars, QuadraticProblem.oneDimensional.implicit(at: [0.7]).hypergradient, 1e-12)
        for hypergradient in [
            Hypergradient.reverse, .forward, .conjugateGradient(), .neumann(terms: 3, rate: 0.1), .fixedPoint(),
            .gmres(), .firstOrder, .finiteDifference(),
        ] {
            let none = try QuadraticProblem.empty.solver(
                Method(
                    dynamics: .descent(.gradientDescent(rate: 0.1)), innerIterations: 3, hypergradient: hypergradient))
            _ = try none.computeHypergradient()
            #expect(none.hypergradient.scalars.isEmpty)
            let scalarProblem = BilevelProblem<Tensor, Tensor>(
                upperObjective: { x, y in (y - 1).squared() * 0.5 }, lowerObjective: { x, y in y.squared() - x * y })
            let scalar = try Solver(
                scalarProblem,
                method: Method(
                    dynamics: .descent(.gradientDescent(rate: 0.5)), innerIterations: 40, hypergradient: hypergradient),
                upperRule: .gradientDescent(rate: 0.1), upper: Tensor(0.7, elementType: .float64).evaluated(),
                lower: Tensor(0.1, elementType: .float64).evaluated())
            _ = try scalar.computeHypergradient()
            #expect(solverIsShapeless(scalar))
            if hypergradient == .reverse || hypergradient == .conjugateGradient() {
                #expect(abs(scalar.hypergradient.scalar - (0.35 - 1) / 2) < 1e-12)
            }
        }
    }

    private func solverIsShapeless(_ solver: Solver<Tensor, Tensor>) -> Bool { solver.hypergradient.shape == [] }

    @Test func anAlreadySolvedStartHasAZeroAdjointNotNaN() throws {
        for hypergradient in [
            Hypergradient.conjugateGradient(), .neumann(terms: 5, rate: 0.1), .fixedPoint(), .gmres(),
            .finiteDifference(),
        ] {
            let solver = try QuadraticProblem.solved.solver(
                Method(
                    dynamics: .descent(.gradientDescent(rate: 0.1)), innerIterations: 2, hypergradient: hypergradient))
            let report = try solver.computeHypergradient()
            #expect(solver.hypergradient.scalars == [0, 0, 0])
            if let adjoint = report.adjoint { #expect(adjoint.isConverged && adjoint.relativeResidual == 0) }
        }
    }

    @Test func negativeCurvatureIsReported() throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (y - 1).squaredNorm() },
            lowerObjective: { x, y in (y * Tensor([1.0, -1.0] as [Double])).dot(y) - x.dot(y) })
        let method = Method(
            dynamics: .descent(.gradientDescent(rate: 0.01)), innerIterations: 1, hypergradient: .conjugateGradient())
        let solver = try Solver(
            problem, method: method, upperRule: .gradientDescent(rate: 0.1), upper: Tensor([0.1, 0.2] as [Double]),
            lower: Tensor([0.5, 0.7] as [Double]))
        #expect(try solver.computeHypergradient().adjoint!.metNegativeCurvature)
    }

    /// The lower solution lies on the bounds in some coordinates; the unrolled derivative of converged steps is the
    /// truth.
    @Test(arguments: [Constraint.box(lower: -0.2, upper: 0.3), .nonnegative, .ball(radius: 0.4), .simplex(total: 1)])
    func constrainedImplicitHypergradientsEqualConvergedUnrolling(_ constraint: Constraint) throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (y - 0.4).squaredNorm() + y.dot(x) * 0.3 },
            lowerObjective: { x, y in
                (y * Tensor([1.0, 2, 3] as [Double])).dot(y) * 0.5 + (y.sum() - 0.1).squared() - x.dot(y)
            },
            lowerConstraint: constraint)
        func derivative(_ dynamics: Dynamics, _ hypergradient: Hypergradient) throws -> [Double] {
            let start = constraint == .simplex(total: 1) ? [1.0, 0, 0] : [0, 0, 0]
            let solver = try Solver(
                problem, method: Method(dynamics: dynamics, innerIterations: 2_000, hypergradient: hypergradient),
                upperRule: .gradientDescent(rate: 0.1),
                upper: Tensor([0.9, -0.5, 0.8] as [Double]), lower: Tensor(start))
            _ = try solver.computeHypergradient()
            return solver.hypergradient.scalars
        }
        let descent = Dynamics.descent(.gradientDescent(rate: 0.1))
        let exact = try derivative(descent, .reverse)
        expectClose(try derivative(descent, .gmres(tolerance: 1e-13)), exact, 1e-10)
        expectClose(try derivative(descent, .fixedPoint(maximumIterations: 2_000, tolerance: 1e-15)), exact, 1e-10)
        expectClose(
            try derivative(
                .descent(.momentum(rate: 0.1, coefficient: 0.5)), .gmres(maximumIterations: 40, tolerance: 1e-13)),
            exact, 1e-10)
        if constraint.isCoordinatewise {
            expectClose(try derivative(descent, .conjugateGradient(tolerance: 1e-13)), exact, 1e-10)
            // FISTA's last iterate is less exact.
            expectClose(try derivative(.accelerated(rate: 0.1), .conjugateGradient(tolerance: 1e-13)), exact, 1e-6)
        }
    }

    @Test(
        arguments: HypergradientTests.dynamics + [.aggregated(mix: 0.4, upperRate: 0.1, lowerRate: 0.1)],
        HypergradientTests.constraints + [.simplex(total: 1), .product([.ball(radius: 0.6)])])
    func forwardAndReverseModeAgree(_ dynamics: Dynamics, _ constraint: Constraint) throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (y.squared() * x.cos() + y).sum() },
            lowerObjective: { x, y in ((x * y).sin() + y.squared() * 0.2).sum() }, lowerConstraint: constraint)
        let start = constraint == .simplex(total: 1) ? [0.2, 0.5, 0.3] : [0.2, 0.4, 0.1]
        func derivatives(_ hypergradient: Hypergradient) throws -> ([Double], [Double]) {
            let method = Method(
                dynamics: dynamics, innerIterations: 7, initialization: .learned(.gradientDescent(rate: 0.1)),
                truncation: .pessimistic, hypergradient: hypergradient)
            let solver = try Solver(
                problem, method: method, upperRule: .gradientDescent(rate: 0.1),
                upper: Tensor([0.8, -0.6, 1.3] as [Double]),
                lower: Tensor(start))
            _ = try solver.computeHypergradient()
            return (solver.hypergradient.scalars, solver.initializationGradient.scalars)
        }
        let forward = try derivatives(.forward), reverse = try derivatives(.reverse)
        expectClose(forward.0, reverse.0, 1e-12)
        expectClose(forward.1, reverse.1, 1e-12)
    }

    /// The error of a central difference falls with the square of its radius.
    @Test func theFiniteDifferenceHypergradientIsOfSecondOrder() throws {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (y - 2).squaredNorm() + x.sum() },
            lowerObjective: { x, y in ((x * y).sin() + (y * x).exp() * 0.1 + y.squared()).sum() })
        func derivative(_ method: Method) throws -> [Double] {
            let solver = try Solver(
                problem, method: method, upperRule: .gradientDescent(rate: 0.1),
                upper: Tensor([0.8, -0.6] as [Double]),
                lower: Tensor([0.3, 0.5] as [Double]))
            _ = try solver.computeHypergradient()
            return solver.hypergradient.scalars
        }
        let exact = try derivative(.oneStep(innerIterations: 3, lowerRate: 0.1))
        func error(_ radius: Double) throws -> Double {
            try zip(derivative(.darts(innerIterations: 3, lowerRate: 0.1, radius: radius)), exact).map { abs($0 - $1) }
                .max()!
        }
        let ratio = try error(0.04) / error(0.02)
        #expect(ratio > 3.9 && ratio < 4.1, "\(ratio)")
        #expect(try error(1e-4) < 1e-8)
    }

    @Test func theFirstOrderHypergradientIsThatOfStoppedSteps() throws {
        let quadratic = QuadraticProblem.small
        let solver = try quadratic.solver(
            .firstOrder(innerIterations: 5, lowerRate: 0.1, initialization: .learned(.gradientDescent(rate: 0.1))))
        _ = try solver.computeHypergradient()
        expectClose(solver.hypergradient.scalars, quadratic.start.x.map { 0.3 * $0 }, 1e-14)
        // dF/dy_0 of the unrolled derivative without its factor (1 - α a)^K.
        let full = quadratic.unrolled(steps: 5, differentiated: 0, rate: 0.1).start
        expectClose(solver.initializationGradient.scalars, full, 1e-14)
    }
}

import BilevelOptimization
import Tensors
import Testing

/// v - rate · g/√(g² + 1): every step shorter than the rate.
private struct BoundedDescent: GradientRule {
    let rate: Double
    var isAutonomous: Bool { true }
    var restsWhereGradientVanishes: Bool { true }

    func step(_ variable: [Tensor], gradient: [Tensor], state: [Tensor]) -> (variable: [Tensor], state: [Tensor]) {
        (zip(variable, gradient).map { $0 - $1 / ($1.squared() + 1).sqrt() * rate }, [])
    }
}

/// Σ v ≤ bound.
private struct Halfspace: ConvexSet {
    let bound: Double

    func projection(_ variable: [Tensor]) -> [Tensor] {
        let sum = variable.map { $0.sum() }.reduce(Tensor(0, elementType: variable[0].elementType), +)
        let count = variable.map(\.count).reduce(0, +)
        return variable.map { $0 - (sum - bound).relu() / Double(count) }
    }

    func check(for variable: [Tensor], named name: String) throws(SolverError) {
        if bound.isNaN {
            throw .outOfRange(name: "set of \(name)", expected: "a bound", got: "nan", nearest: "0")
        }
    }
}

/// Descent pulled back to where it started (Halpern 1967): y_{k+1} = y_0/(k + 2) + (1 - 1/(k + 2)) Proj(y_k - rate ∇f).
private struct AnchoredDescent: LowerIteration {
    let rate: Double

    func initialState(for lower: [Tensor]) -> [Tensor] { lower + [Tensor(2, elementType: lower[0].elementType)] }

    func step(_ lower: [Tensor], state: [Tensor], in level: LowerLevel) -> (lower: [Tensor], state: [Tensor]) {
        let moved = level.projection(zip(lower, level.gradient(at: lower)).map { $0 - $1 * rate })
        let k = state[lower.count], start = state[..<lower.count]
        return (zip(start, moved).map { $0 / k + $1 * (1 - k.reciprocal()) }, start + [k + 1])
    }
}

/// Rules, sets and dynamics of another package, with what is public.
@Suite struct OpennessTests {
    private static let rule = UpdateRule(BoundedDescent(rate: 0.1)), set = Constraint(Halfspace(bound: 0.5))

    private func solver(
        _ dynamics: Dynamics, _ hypergradient: Hypergradient = .reverse, set: Constraint = set, steps: Int = 7,
        x: [Double] = [0.8, -0.6, 1.3], start: [Double] = [0.2, 0.4, -0.2], isConvex: Bool = false
    ) throws -> Solver<Tensor, Tensor> {
        let problem = BilevelProblem<Tensor, Tensor>(
            upperObjective: { x, y in (y.squared() * x.cos() + y).sum() },
            lowerObjective: { x, y in
                isConvex ? ((y - x).squared() + y.squared()).sum() : ((x * y).sin() + y.squared() * 0.2).sum()
            },
            lowerConstraint: set)
        let method = Method(
            dynamics: dynamics, innerIterations: steps,
            initialization: hypergradient == .reverse ? .learned(Self.rule) : .fixed, hypergradient: hypergradient)
        return try Solver(problem, method: method, upperRule: Self.rule, upper: Tensor(x), lower: Tensor(start))
    }

    /// Differences with step 1e-6 in float64 leave about 1e-9.
    @Test(arguments: [Dynamics.descent(rule), Dynamics(AnchoredDescent(rate: 0.1))])
    func outsidePartsAreDifferentiated(_ dynamics: Dynamics) throws {
        let exact = try solver(dynamics), x = [0.8, -0.6, 1.3], start = [0.2, 0.4, -0.2]
        _ = try exact.computeHypergradient()
        for i in 0..<3 {
            func difference(_ value: (Double) throws -> Double) rethrows -> Double {
                try (value(1e-6) - value(-1e-6)) / 2e-6
            }
            let byX = try difference { step in
                var x = x
                x[i] += step
                return try solver(dynamics, x: x).computeHypergradient().finalUpperValue
            }
            let byStart = try difference { step in
                var start = start
                start[i] += step
                return try solver(dynamics, start: start).computeHypergradient().finalUpperValue
            }
            expectClose([exact.hypergradient.scalars[i]], [byX], 1e-7)
            expectClose([exact.initializationGradient.scalars[i]], [byStart], 1e-7)
        }
        let first = try exact.step().upperValue
        for _ in 0..<50 { _ = try exact.step() }
        #expect(try exact.step().upperValue < first)
    }

    /// Converged steps: the fixed point's derivative is that of the unrolled steps.
    @Test func anOutsideRuleThatDeclaresAFixedPointMayBeDifferentiatedAtIt() throws {
        func derivative(_ hypergradient: Hypergradient, _ set: Constraint) throws -> [Double] {
            let solver = try solver(
                .descent(UpdateRule(BoundedDescent(rate: 0.2))), hypergradient, set: set, steps: 2_000, isConvex: true)
            _ = try solver.computeHypergradient()
            return solver.hypergradient.scalars
        }
        let halfspace = try derivative(.reverse, Self.set), free = try derivative(.reverse, .wholeSpace)
        expectClose(try derivative(.gmres(tolerance: 1e-13), Self.set), halfspace, 1e-10)
        expectClose(try derivative(.conjugateGradient(tolerance: 1e-13), .wholeSpace), free, 1e-10)
    }

    @Test func whatAnOutsidePartDoesNotDeclareIsNotAssumed() {
        func part(_ dynamics: Dynamics, _ hypergradient: Hypergradient, _ set: Constraint) -> SolverError.MethodPart? {
            do {
                _ = try solver(dynamics, hypergradient, set: set)
                return nil
            } catch SolverError.incompatible(let part, _, _, _) { return part } catch { return nil }
        }
        let anchored = Dynamics(AnchoredDescent(rate: 0.1)), bounded = Dynamics.descent(Self.rule)
        #expect(part(anchored, .gmres(), .wholeSpace) == .dynamics)
        #expect(part(anchored, .conjugateGradient(), .wholeSpace) == .dynamics)
        #expect(part(bounded, .finiteDifference(), .wholeSpace) == .dynamics)
        #expect(part(bounded, .conjugateGradient(), Self.set) == .lowerConstraint)
        #expect(part(bounded, .conjugateGradient(), .wholeSpace) == nil)
    }

    @Test func outsidePartsAreComparedByValueAndChecked() {
        #expect(
            Self.rule == UpdateRule(BoundedDescent(rate: 0.1)) && Self.rule != UpdateRule(BoundedDescent(rate: 0.2)))
        #expect(Self.rule != .gradientDescent(rate: 0.1))
        #expect(Set([Constraint.nonnegative, Self.set, Constraint(Halfspace(bound: 0.5))]).count == 2)
        #expect("\(Self.rule)" == "BoundedDescent")
        #expect(throws: SolverError.notPositive(name: "lower rate", value: -1)) {
            try solver(Dynamics(AnchoredDescent(rate: -1)))
        }
        #expect(throws: SolverError.outOfRange(name: "set of y", expected: "a bound", got: "nan", nearest: "0")) {
            try solver(.descent(Self.rule), set: Constraint(Halfspace(bound: .nan)))
        }
    }
}

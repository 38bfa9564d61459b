import BilevelOptimization
import Randomness
import Tensors
import Testing

@Suite struct ConstraintTests {
    /// The projection onto the simplex satisfies its optimality conditions: on it, and v - p is constant where p > 0
    /// and no larger elsewhere.
    @Test func theSimplexProjectionIsTheNearestPoint() {
        var random = RandomGenerator(seed: 3)
        for total in [1.0, 2.5] {
            let v = random.normal([20], elementType: .float64)
            let
                p = Constraint.simplex(total: total).projection([v.sliced(0..<12), v.sliced(12..<20)]).flatMap(
                    \.scalars), τ = zip(v.scalars, p).filter { $1 > 0 }.map { $0 - $1 }
            #expect(abs(p.reduce(0, +) - total) < 1e-12 && p.allSatisfy { $0 >= 0 })
            #expect(τ.max()! - τ.min()! < 1e-12)
            #expect(zip(v.scalars, p).allSatisfy { $1 > 0 || $0 <= τ[0] + 1e-12 })
        }
    }

    @Test func aProductProjectsEachTensorByItself() {
        let sets = Constraint.product([.box(lower: 0, upper: 1), .wholeSpace, .ball(radius: 1)])
        let p = sets.projection([
            Tensor([2.0, -1] as [Double]), Tensor([5.0] as [Double]), Tensor([3.0, 4] as [Double]),
        ])
        #expect(p[0].scalars == [1, 0] && p[1].scalars == [5])
        expectClose(p[2].scalars, [0.6, 0.8], 1e-15)
        #expect(!sets.isCoordinatewise && Constraint.product([.nonnegative, .wholeSpace]).isCoordinatewise)
    }

    /// The message names the set that was given and one that would do.
    @Test(arguments: [
        (Constraint.ball(radius: -1), "the ball of radius 1.0"), (.ball(radius: 0), "the ball of radius 1.0"),
        (.ball(radius: .nan), "the ball of radius 1.0"), (.box(lower: 2, upper: 1), "the box [1.0, 2.0]"),
        (.box(lower: .nan, upper: 1), "the whole space"), (.box(lower: .infinity, upper: .infinity), "the whole space"),
        (.simplex(total: 0), "the simplex of total 1.0"), (.simplex(total: .infinity), "the simplex of total 1.0"),
        (.product([.wholeSpace, .wholeSpace]), "the whole space"),
        (.product([.ball(radius: -2)]), "the ball of radius 2.0"),
    ])
    func setsThatAreNoneAreRefusedWhereTheyEnter(_ set: Constraint, _ nearest: String) throws {
        func refusal(_ upperSet: Constraint, _ lowerSet: Constraint, isSingleLevel: Bool) -> SolverError? {
            let problem = BilevelProblem<Tensor, Tensor>(
                upperObjective: { x, y in (x * y).sum() }, lowerObjective: { x, y in (x - y).squared().sum() },
                upperConstraint: upperSet, lowerConstraint: lowerSet)
            do {
                if isSingleLevel {
                    _ = try SingleLevelSolver(
                        problem, method: MEHA(lowerRate: 0.1, upperRate: 0.1), upper: Tensor([1.0] as [Double]),
                        lower: Tensor([1.0] as [Double]))
                } else {
                    _ = try Solver(
                        problem, method: .rhg(innerIterations: 2, lowerRate: 0.1),
                        upperRule: .gradientDescent(rate: 0.1), upper: Tensor([1.0] as [Double]),
                        lower: Tensor([1.0] as [Double]))
                }
                return nil
            } catch { return error }
        }
        for isSingleLevel in [false, true] {
            for error in [
                refusal(set, .wholeSpace, isSingleLevel: isSingleLevel),
                refusal(.wholeSpace, set, isSingleLevel: isSingleLevel),
            ] {
                guard case .outOfRange(_, _, _, let found) = error else {
                    Issue.record("\(set): \(String(describing: error))")
                    continue
                }
                #expect(found == nearest)
            }
        }
    }

    @Test func aBallOfInfiniteRadiusIsTheWholeSpace() {
        let v = [Tensor([3.0, -4] as [Double]), Tensor([1e300] as [Double])]
        #expect(Constraint.ball(radius: .infinity).projection(v).map(\.scalars) == v.map(\.scalars))
        #expect(Constraint.ball(radius: .infinity).isCoordinatewise && !Constraint.ball(radius: 1).isCoordinatewise)
    }

    /// Squares of these numbers are infinite, or zero, in float32; a few units of its rounding are left.
    @Test func projectionsDoNotOverflow() {
        func ball(_ radius: Double, _ v: [Float]) -> [Double] {
            Constraint.ball(radius: radius).projection([Tensor(v)])[0].scalars
        }
        for (radius, v) in [
            (1, [3e20, 4e20]), (1, [3e13, 4e13]), (1, [3e37, 4e37]), (1e-25, [3e-20, 4e-20]), (1e20, [3e25, 4e25]),
            (1e-25, [3e20, 4e20]),
        ] as [(Double, [Float])] {
            expectClose(ball(radius, v).map { $0 / radius }, [0.6, 0.8], 1e-6)
        }
        expectClose(ball(1e20, [3e19, -4e19]).map { $0 / 1e19 }, [3, -4], 1e-6)
        #expect(ball(1, [1e-30, -1e-38]) == [Double(1e-30 as Float), Double(-1e-38 as Float)])
        #expect(Constraint.simplex().projection([Tensor([3e20, 4e20] as [Float])])[0].scalars == [0, 1])
        expectClose(
            Constraint.simplex().projection([Tensor([3e6, 3e6 + 0.5] as [Float])])[0].scalars, [0.25, 0.75], 1e-6)
    }

    /// At (3e13, 4e13) float32 divides by the largest coordinate first and float64 does not; first and second
    /// derivatives agree to float32's rounding.
    @Test func derivativesOfAScaledProjectionAreThoseOfThePlainOne() {
        func derivatives(_ type: ElementType) -> [[Double]] {
            let v = Tensor([3e13, 4e13] as [Double]).converted(to: type).evaluated()
            func value(_ v: Tensor) -> Tensor {
                let p = Constraint.ball(radius: 2).projection([v])[0]
                return (p.squared() * p).sum()
            }
            let first = gradient(of: value(v), withRespectTo: v)
            let second = hessianVectorProduct(
                of: value(v), withRespectTo: v, vector: Tensor([1e13, -3e13] as [Double]).converted(to: type))
            return [(first * 1e13).scalars, (second * 1e13).scalars]
        }
        let plain = derivatives(.float64)
        for (found, expected) in zip(derivatives(.float32), plain) { expectClose(found, expected, 2e-5) }
        #expect(plain[1].allSatisfy { abs($0) > 0.1 })
    }

    /// Numbers of ordinary size: the same bits as the formula without scaling, on the sphere and inside.
    @Test func ordinaryProjectionsKeepTheirBits() {
        var random = RandomGenerator(seed: 5)
        for (type, radius) in [(ElementType.float32, 0.7), (.float32, 30), (.float64, 0.7), (.float64, 30)] {
            let v = [random.normal([7], elementType: type), random.normal([3], elementType: type)]
            let squares = v.map { $0.squaredNorm() }.reduce(Tensor(0, elementType: type), +)
            let norm = squares.maximum(radius * radius).sqrt()
            let found = Constraint.ball(radius: radius).projection(v)
            #expect(found.map(\.scalars) == v.map { ($0 * (radius / norm)).scalars })
            let threshold = Tensor(concatenating: v).simplexThreshold(total: radius)
            let nearest = Constraint.simplex(total: radius).projection(v)
            #expect(nearest.map(\.scalars) == v.map { ($0 - threshold).relu().scalars })
        }
    }
}

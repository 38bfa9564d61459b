import BilevelOptimization
import NeuralLayers
import Randomness
import Tensors
import Testing

@testable import FewShotSupport

private let featureCount = 3

/// Features → a head that is solved exactly → loss of the query, in float64: 3 classes of 2 and of 2 images, each with
/// 3 features; x are the support's features, the query's, and what the head learns beside.
@Suite struct HeadDerivativeTests {
    private static let solutions: [FewShotProblem.Solution] = [.prototypes, .ridge, .logistic]

    private struct Case {
        let problem: FewShotProblem, point: [Tensor]

        init(_ solution: FewShotProblem.Solution) throws {
            var random = RandomGenerator(seed: 3)
            problem = try FewShotProblem(
                ways: 3, shots: 2, queries: 2, image: (1, 16, 16), backbone: .convnet4, hidden: featureCount,
                solution: solution, using: &random, elementType: .float64)
            point =
                (0..<2).map { _ in random.normal([6, 1, 1, featureCount], elementType: .float64) }
                + problem.shared.head
        }

        /// What the levels read of x.
        func maps(_ x: [Tensor]) -> EpisodeMaps {
            var shared = problem.shared
            shared.head = Array(x[2...])
            return problem.read(
                EpisodeMaps(support: x[0], query: x[1]), shared, rateFactor: Tensor(1, elementType: .float64))
        }

        /// F at the solution as one expression of x, which has derivatives of any order.
        func reference(_ x: [Tensor]) -> Tensor {
            let maps = maps(x)
            var network = problem.head
            network.linear = maps.solution.first ?? newton(maps)
            return problem.problem.upperObjective(maps, network)
        }

        /// Logistic regression's optimum, as two steps of Newton's from there, which do not move it. The first has its
        /// first derivative, the second the next two: an error of order ε is squared by each.
        private func newton(_ maps: EpisodeMaps) -> Linear {
            let labels = Tensor(problem.supportLabels), count = 3 * featureCount + 3
            func linear(_ y: Tensor) -> Linear {
                let weights = 3 * featureCount
                return Linear(
                    weight: y.sliced(0..<weights).reshaped(to: [3, featureCount]), bias: y.sliced(weights..<count))
            }
            func step(_ y: Tensor, _ features: Tensor) -> Tensor {
                let slope = gradient(of: linear(y).regularizedLoss(features, labels), withRespectTo: [y])[0],
                    rows = (0..<count).map { gradient(of: slope.sliced($0..<($0 + 1)), withRespectTo: [y])[0] },
                    hessian = Tensor(concatenating: rows.map { $0.expandingAxis(0) })
                return y - hessian.solvedPositiveDefinite(slope.reshaped(to: [count, 1])).reshaped(to: [count])
            }
            // From zeros, with numbers: the optimum at `point`, whatever x is.
            let known = self.maps(point).support.evaluated()
            var optimum = Tensor.zeros([count], elementType: .float64).evaluated()
            for _ in 0..<20 { optimum = step(optimum, known).evaluated() }
            return linear(step(step(optimum, maps.support), maps.support))
        }

        /// F and dF/dx as the library computes them.
        func solved(_ x: [Tensor]) throws -> (value: Double, hypergradient: [Tensor]) {
            let (problem, levels) = (problem, problem.problem), this = self
            let solver = try MetaSolver(
                MetaProblem<[Tensor], Tensor, EpisodeMaps, TaskNetwork>(
                    context: { x, _ in this.maps(x) }, upperObjective: levels.upperObjective,
                    lowerObjective: levels.lowerObjective, prediction: levels.prediction),
                method: #require(problem.solution.method(innerIterations: 1_000, tolerance: 1e-14)),
                upperRule: .adam(rate: 0.01), upper: x, lower: problem.head,
                data: Tensor(0, elementType: .float64), batchSize: 1)
            let report = try solver.computeHypergradient { _, _ in }
            return (report.upperValue, solver.hypergradient)
        }
    }

    /// For logistic regression that is Newton's expression, which stands in for what the library solves by steps.
    @Test("the loss of the query after the head is differentiated to second order", arguments: solutions)
    func expressions(_ solution: FewShotProblem.Solution) throws {
        let each = try Case(solution), check = checkGradients(at: each.point, of: each.reference)
        #expect(check.first < 1e-8 && check.second < 1e-7 && check.forward < 1e-10, "\(check)")
    }

    @Test("logistic regression's lower objective is differentiated to second order, as its optimality conditions need")
    func lowerObjective() throws {
        let each = try Case(.logistic), linear = each.problem.head.linear
        var random = RandomGenerator(seed: 4)
        let y = linear.tensors.map { random.normal($0.shape, elementType: .float64) },
            features = each.point[0].reshaped(to: [6, featureCount]).evaluated()
        let check = checkGradients(at: [features] + y) {
            linear.with(Array($0[1...])).regularizedLoss($0[0], Tensor(each.problem.supportLabels))
        }
        #expect(check.first < 1e-8 && check.second < 1e-7 && check.forward < 1e-10, "\(check)")
    }

    /// dF/dx of the solver, and how it changes along a direction: finite differences of it, of F and of nothing else.
    /// The latter are symmetric only if dF/dx is the gradient of something.
    @Test("hypergradients of heads change as the Hessian of the query's loss says", arguments: solutions)
    func hypergradients(_ solution: FewShotProblem.Solution) throws {
        let each = try Case(solution), x = each.point.map { $0.placeholder() }, value = each.reference(x)
        var random = RandomGenerator(seed: 5)
        let direction = each.point.map { random.normal($0.shape, elementType: .float64) },
            slopes = gradient(of: value, withRespectTo: x),
            along = zip(slopes, direction).map { $0.dot($1) }.reduce(Tensor(0, elementType: .float64), +),
            curvature = gradient(of: along, withRespectTo: x)
        let expected = Program(inputs: x, outputs: [value] + slopes + curvature)(each.point).map(\.scalars)

        func moved(_ step: Double) throws -> (value: Double, hypergradient: [Tensor]) {
            try each.solved(zip(each.point, direction).map { ($0 + $1 * step).evaluated() })
        }
        let step = 1e-5, here = try each.solved(each.point), up = try moved(step), down = try moved(-step)
        #expect(abs(here.value - expected[0][0]) < 1e-12)
        let slope = (up.value - down.value) / (2 * step),
            expectedSlope = zip(here.hypergradient, direction).reduce(0) { $0 + $1.0.dot($1.1).scalar }
        #expect(abs(slope - expectedSlope) < 1e-8)
        let count = each.point.count
        for i in 0..<count {
            for (found, exact) in zip(here.hypergradient[i].scalars, expected[1 + i]) {
                #expect(abs(found - exact) < 1e-10, "dF/dx \(i)")
            }
            let change = zip(up.hypergradient[i].scalars, down.hypergradient[i].scalars).map { ($0 - $1) / (2 * step) }
            for (found, exact) in zip(change, expected[1 + count + i]) {
                #expect(abs(found - exact) < 1e-7 * max(1, abs(exact)), "Hessian times direction \(i)")
            }
        }
    }
}

import BilevelOptimization
import Randomness
import Tensors

/// A solver of trees of two tensors, [3] and [2]: what tests say of every solver.
protocol TreeSolver: BilevelSolver where Upper == [Tensor], Lower == [Tensor] {}

extension Solver: TreeSolver where Upper == [Tensor], Lower == [Tensor] {}
extension MetaSolver: TreeSolver where Upper == [Tensor], Lower == [Tensor] {}
extension SingleLevelSolver: TreeSolver where Upper == [Tensor], Lower == [Tensor] {}
extension StochasticSolver: TreeSolver where Upper == [Tensor], Lower == [Tensor] {}

/// All solvers, on one problem: f = ½ ‖y - x‖², F = √(1 - Σ y). Every method makes Σ y grow, and F and its gradient are
/// NaN as soon as it is above 1.
enum SolverKind: String, CaseIterable, Codable, Sendable {
    case combination, meta, singleLevel, stochastic

    static let start = [Tensor([0.1, 0.11, 0.09] as [Double]), Tensor([0.12, 0.08] as [Double])]

    func solver() throws -> any TreeSolver {
        let upperObjective: @Sendable ([Tensor], [Tensor]) -> Tensor = { _, y in (1 - y[0].sum() - y[1].sum()).sqrt() }
        let lowerObjective: @Sendable ([Tensor], [Tensor]) -> Tensor = { x, y in
            ((y[0] - x[0]).squaredNorm() + (y[1] - x[1]).squaredNorm()) * 0.5
        }
        let problem = BilevelProblem(upperObjective: upperObjective, lowerObjective: lowerObjective)
        let method = Method(
            dynamics: .descent(.momentum(rate: 0.2, coefficient: 0.5)), innerIterations: 4,
            initialization: .learned(.momentum(rate: 0.02)), truncation: .pessimistic)
        let rule = UpdateRule.adam(rate: 0.02), start = Self.start
        switch self {
        case .combination:
            return try Solver(problem, method: method, upperRule: rule, upper: start, lower: start)
        case .meta:
            let tasks = MetaProblem<[Tensor], Tensor, [Tensor], [Tensor]>(
                context: { x, share in x.map { $0 * share } }, upperObjective: upperObjective,
                lowerObjective: { x, y, _ in lowerObjective(x, y) }, prediction: { _, y in y[0] })
            let solver = try MetaSolver(
                tasks, method: method, upperRule: rule, upper: start, lower: start, data: Tensor([1.0] as [Double]),
                batchSize: 2,
                threads: 2)
            solver.tasks = { _, index, data in data.assign([Tensor([index == 0 ? 1 : 0.9] as [Double])]) }
            return solver
        case .singleLevel:
            let pbgd = PBGD(innerIterations: 3, lowerRate: 0.3, upperRate: 0.02, penalty: 2)
            return try SingleLevelSolver(problem, method: pbgd, upper: start, lower: start)
        case .stochastic:
            let samples = StochasticProblem<[Tensor], [Tensor]>(
                upperSampleCount: 2, lowerSampleCount: 4, upperObjective: { x, y, _ in upperObjective(x, y) },
                lowerObjective: { x, y, _ in lowerObjective(x, y) })
            return try StochasticSolver(
                samples, method: .saba, rates: .init(lowerRate: 0.3, upperRate: 0.02), batchSize: 1, upper: start,
                lower: start, random: RandomGenerator(seed: 3))
        }
    }
}

/// Everything public that a solver says of itself, to the bit.
struct SolverSnapshot: Equatable {
    let iteration: Int, values: [[Double]], gradient: [[Double]]
    /// Since the solver was made, not restored.
    let oracleCounts: OracleCounts?
    let names: [String], state: [[Double]]

    init(_ solver: any TreeSolver) {
        iteration = solver.iteration
        values = (solver.upper + solver.lower + solver.initialization).map(\.scalars)
        gradient = (solver.hypergradient + (solver.initializationGradientOfLastIteration ?? [])).map(\.scalars)
        oracleCounts = (solver as? StochasticSolver<[Tensor], [Tensor]>)?.oracleCounts
        let state = solver.state
        names = ["\(state.iteration)"] + state.tensors.map(\.name)
        self.state = state.tensors.map(\.tensor.scalars)
    }

    func isSame(butForCountsAs other: SolverSnapshot) -> Bool {
        values == other.values && gradient == other.gradient && names == other.names && state == other.state
    }

    var isFinite: Bool { (values + gradient + state).joined().allSatisfy(\.isFinite) }
}

extension TreeSolver {
    var initializationGradientOfLastIteration: [Tensor]? {
        (self as? Solver<[Tensor], [Tensor]>)?.initializationGradient
            ?? (self as? MetaSolver<[Tensor], Tensor, [Tensor], [Tensor]>)?.initializationGradient
    }
}

/// Tensors that are not two float64 ones of shapes [3] and [2].
enum Misfit: String, CaseIterable, Codable, Sendable {
    case longer, shorter, otherType, otherShape, tooMany, tooFew

    var tensors: [Tensor] {
        let good = SolverKind.start
        return switch self {
        case .longer: [good[0], Tensor([Double](repeating: 1, count: 100_000))]
        case .shorter: [Tensor([1.0] as [Double]), good[1]]
        case .otherType: [good[0], Tensor([1, 2] as [Float])]
        case .otherShape: [Tensor([1.0, 2, 3] as [Double], shape: [3, 1]), good[1]]
        case .tooMany: good + [Tensor([1.0] as [Double])]
        case .tooFew: [good[0]]
        }
    }

    /// As messages say it.
    var layout: String {
        switch self {
        case .longer: "([3] float64, [100000] float64)"
        case .shorter: "([1] float64, [2] float64)"
        case .otherType: "([3] float64, [2] float32)"
        case .otherShape: "([3x1] float64, [2] float64)"
        case .tooMany: "([3] float64, [2] float64, [1] float64)"
        case .tooFew: "([3] float64)"
        }
    }
}

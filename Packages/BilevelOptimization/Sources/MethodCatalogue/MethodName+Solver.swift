import BilevelOptimization
import Randomness
import Tensors

extension MethodName {
    /// A solver for a problem without samples; plain gradient descent on x.
    public func solver<Upper: TensorTree, Lower: TensorTree>(
        for problem: BilevelProblem<Upper, Lower>, settings s: MethodSettings, upper: Upper, lower: Lower,
        threads: Int = 1, memoryBudget: Int? = nil
    ) throws(SolverError) -> any BilevelSolver<Upper, Lower, IterationReport> {
        if let method = combination(s) {
            return try Solver(
                problem, method: method, upperRule: .gradientDescent(rate: s.upperRate), upper: upper, lower: lower,
                threads: threads, memoryBudget: memoryBudget)
        }
        guard !isStochastic else {
            throw .incompatible(
                .solver, expected: "for \(rawValue) objectives that are means over samples", got: "none",
                nearest: self == .stocBiO ? "ns" : "ls")
        }
        if let dynamics = s.dynamics {
            throw .incompatible(
                .dynamics, expected: "none with \(rawValue), which has lower steps of its own", got: "\(dynamics)",
                nearest: "none")
        }
        let K = s.innerIterations
        let method: any SingleLevelMethod =
            switch self {
            case .bvfsm: BVFSM(innerIterations: K, lowerRate: s.lowerRate, upperRate: s.jointRate)
            case .pbgd:
                PBGD(
                    innerIterations: K, lowerRate: s.lowerRate, upperRate: s.jointRate / (1 + s.penalty),
                    penalty: s.penalty)
            case .f2sa:
                F2SA(
                    innerIterations: K, lowerRate: s.lowerRate, upperRate: s.upperRate, multiplier: s.multiplier,
                    multiplierIncrement: s.multiplierIncrement)
            case .meha: MEHA(lowerRate: s.lowerRate, upperRate: s.jointRate)
            case .bome: BOME(innerIterations: K, lowerRate: s.lowerRate, upperRate: s.jointRate)
            default: preconditionFailure("\(rawValue): a combination, or stochastic")
            }
        return try SingleLevelSolver(problem, method: method, upper: upper, lower: lower)
    }

    /// A stochastic solver; only for stochastic methods.
    public func solver<Upper: TensorTree, Lower: TensorTree>(
        for problem: StochasticProblem<Upper, Lower>, settings s: MethodSettings, rates: StochasticRates,
        batchSize: Int, upper: Upper, lower: Lower, random: RandomGenerator
    ) throws(SolverError) -> StochasticSolver<Upper, Lower> {
        let method: StochasticMethod
        switch self {
        case .soba: method = .soba
        case .saba: method = .saba
        case .stocBiO: method = .stocBiO(innerIterations: s.innerIterations, terms: s.adjointIterations)
        case .amIGO: method = .amIGO(innerIterations: s.innerIterations)
        default:
            throw .incompatible(
                .solver, expected: "a stochastic method for a problem of samples", got: rawValue, nearest: "soba")
        }
        return try StochasticSolver(
            problem, method: method, rates: rates, batchSize: batchSize, upper: upper, lower: lower, random: random)
    }
}

import Randomness
import Tensors

/// Every method by the name it has on a command line, with what a user needs to choose one.
public enum MethodName: String, Sendable, CaseIterable {
    case iapttGM = "iaptt-gm", iaGM = "ia-gm", iaGMAccelerated = "ia-gm-a"
    case rhg, fhg, truncatedRHG = "t-rhg", bda
    case conjugateGradient = "ls", neumann = "ns", fixedPoint = "fixed-point", gmres
    case oneStep = "one-step", darts, firstOrder = "first-order"
    case bvfsm, pbgd, f2sa, meha, bome
    case soba, saba, stocBiO = "stocbio", amIGO = "amigo"

    public struct Description: Sendable {
        /// What it is, and who published it.
        public let title: String, source: String
        /// What it is for.
        public let purpose: String
        /// Work of one upper iteration and memory, in steps of K and sizes |x|, |y|.
        public let cost: String, memory: String
    }

    public var description: Description {
        switch self {
        case .iapttGM:
            Description(
                title: "initialization auxiliary, pessimistic trajectory truncation", source: "Liu et al. 2021",
                purpose: "non-convex lower level", cost: "K steps, K values of F, k̄ ≤ K transposed steps",
                memory: "(K + 1)·\\|y\\|")
        case .iaGM:
            Description(
                title: "initialization auxiliary", source: "Liu et al. 2021",
                purpose: "non-convex lower level", cost: "K steps, K transposed steps", memory: "(K + 1)·\\|y\\|")
        case .iaGMAccelerated:
            Description(
                title: "initialization auxiliary with Nesterov's steps", source: "Liu et al. 2021",
                purpose: "convex lower level with several solutions", cost: "K steps, K transposed steps",
                memory: "2 (K + 1)·\\|y\\|")
        case .rhg:
            Description(
                title: "unrolled, reverse mode", source: "Franceschi et al. 2017",
                purpose: "strongly convex lower level, or its K steps themselves", cost: "K steps, K transposed steps",
                memory: "(K + 1)·\\|y\\|, or about 2√K·\\|y\\| with a budget")
        case .fhg:
            Description(
                title: "unrolled, forward mode", source: "Franceschi et al. 2017",
                purpose: "few upper variables", cost: "K steps, \\|x\\| K pushed steps",
                memory: "(K + 1)·\\|y\\| for the states, 2 \\|y\\| for tangents")
        case .truncatedRHG:
            Description(
                title: "unrolled, the last h steps", source: "Shaban et al. 2019",
                purpose: "strongly convex lower level", cost: "K steps, h transposed steps", memory: "(K + 1)·\\|y\\|")
        case .bda:
            Description(
                title: "aggregated dynamics, reverse mode", source: "Liu et al. 2020",
                purpose: "convex lower level with several solutions", cost: "K steps with ∇F, K transposed steps",
                memory: "(K + 1)·\\|y\\|")
        case .conjugateGradient:
            Description(
                title: "implicit, conjugate gradient", source: "Pedregosa 2016; Rajeswaran et al. 2019",
                purpose: "strongly convex lower level", cost: "K steps, n Hessian products",
                memory: "(K + 1)·\\|y\\| and 4 \\|y\\|")
        case .neumann:
            Description(
                title: "implicit, Neumann series", source: "Lorraine et al. 2020",
                purpose: "strongly convex lower level, rate below 2/L", cost: "K steps, n Hessian products",
                memory: "(K + 1)·\\|y\\| and 3 \\|y\\|")
        case .fixedPoint:
            Description(
                title: "implicit, adjoint of the fixed point iterated", source: "Grazzi et al. 2020",
                purpose: "contracting steps, any constraint", cost: "K steps, n transposed steps",
                memory: "(K + 1)·\\|y\\| and 3 \\|y\\|")
        case .gmres:
            Description(
                title: "implicit, adjoint of the fixed point by GMRES", source: "Saad and Schultz 1986",
                purpose: "steps with a nonsymmetric Jacobian, any constraint", cost: "K steps, n transposed steps",
                memory: "(K + 1)·\\|y\\| and n \\|y\\|")
        case .oneStep:
            Description(
                title: "one step, T1-T2", source: "Luketina et al. 2016",
                purpose: "cheap, biased", cost: "K steps, 1 transposed step", memory: "(K + 1)·\\|y\\|")
        case .darts:
            Description(
                title: "one step by a finite difference", source: "Liu et al. 2019",
                purpose: "cheap, biased; no second derivatives", cost: "K steps, 2 gradients", memory: "(K + 1)·\\|y\\|"
            )
        case .firstOrder:
            Description(
                title: "second derivatives ignored", source: "Finn et al. 2017",
                purpose: "learned initializations; biased", cost: "K steps, 1 gradient", memory: "(K + 1)·\\|y\\|")
        case .bvfsm:
            Description(
                title: "value function with exterior penalty", source: "Liu et al. 2021 (BVFSM)",
                purpose: "non-convex lower level without second derivatives", cost: "2K + 1 gradients",
                memory: "6 \\|y\\|")
        case .pbgd:
            Description(
                title: "penalty on the value gap", source: "Shen and Chen 2023",
                purpose: "lower level whose gradient dominates its gap; bias 1/γ", cost: "K + 3 gradients",
                memory: "6 \\|y\\|")
        case .f2sa:
            Description(
                title: "two lower sequences, growing multiplier", source: "Kwon et al. 2023",
                purpose: "strongly convex lower level; bias 1/λ", cost: "3K + 3 gradients", memory: "6 \\|y\\|")
        case .meha:
            Description(
                title: "Moreau envelope, single loop", source: "Liu et al. 2024",
                purpose: "weakly convex lower level", cost: "6 gradients", memory: "6 \\|y\\|")
        case .bome:
            Description(
                title: "dynamic barrier on the value gap", source: "Liu, Ye et al. 2022",
                purpose: "lower level whose gradient dominates its gap", cost: "K + 3 gradients", memory: "6 \\|y\\|")
        case .soba:
            Description(
                title: "stochastic, single loop", source: "Dagréou et al. 2022",
                purpose: "finite sums, strongly convex lower level", cost: "2 batch gradients, 2 batch products",
                memory: "7 \\|y\\|")
        case .saba:
            Description(
                title: "the same with variance reduction", source: "Dagréou et al. 2022",
                purpose: "finite sums, strongly convex lower level; constant rates",
                cost: "2 batch gradients, 2 batch products", memory: "(3 \\|y\\| + 2 \\|x\\|) a batch")
        case .stocBiO:
            Description(
                title: "stochastic, Neumann series of batches", source: "Ji et al. 2021",
                purpose: "finite sums, strongly convex lower level",
                cost: "K + 1 batch gradients, n + 1 batch products", memory: "7 \\|y\\|")
        case .amIGO:
            Description(
                title: "stochastic, warm-started steps for y and v", source: "Arbel and Mairal 2022",
                purpose: "finite sums, strongly convex lower level",
                cost: "K + 1 batch gradients, K + 1 batch products", memory: "7 \\|y\\|")
        }
    }

    /// Whether it needs objectives that are means over samples.
    public var isStochastic: Bool { [.soba, .saba, .stocBiO, .amIGO].contains(self) }

    /// The table of the package's README.
    public static var markdownTable: String {
        let rows = allCases.map { name in
            let d = name.description
            return "| `\(name.rawValue)` | \(d.title) (\(d.source)) | \(d.purpose) | \(d.cost) | \(d.memory) |"
        }
        return
            (["| name | method | for | work of an upper iteration | memory beyond x and y |", "|---|---|---|---|---|"]
            + rows).joined(separator: "\n")
    }

    /// The method with that name, or a complaint that names the nearest one.
    public init(named name: String) throws(SolverError) {
        guard let method = MethodName(rawValue: name) else {
            throw .invalidMethod(
                "method: one of \(MethodName.allCases.map(\.rawValue).joined(separator: ", ")) expected, got '\(name)'; "
                    + "nearest valid choice: \(nearestName(to: name, in: MethodName.allCases.map(\.rawValue)))")
        }
        self = method
    }
}

/// What a method may be told; each uses what it knows.
public struct MethodSettings: Sendable, Hashable {
    public var innerIterations = 40
    public var lowerRate = 0.01, upperRate = 0.1, initializationRate = 0.1
    /// h of T-RHG.
    public var truncationLength = 10
    /// Largest number of conjugate gradient, GMRES or fixed-point iterations, or Neumann terms.
    public var adjointIterations = 20
    /// BDA: the upper level's step below, and its share μ.
    public var aggregationRate = 0.1, aggregationMix = 0.5
    /// γ of PBGD; λ of F2SA at the start and what it gains an iteration.
    public var penalty = 10.0, multiplier = 1.0, multiplierIncrement = 0.1
    /// Whether methods without an initialization of their own (rhg, fhg, t-rhg, bda and the implicit ones) go on from
    /// the last y_K.
    public var isWarmStarted = false
    /// The reference's history index instead of k̄ (iaptt-gm).
    public var usesReferenceIndex = false
    /// Other lower dynamics than the method's own.
    public var dynamics: Dynamics?

    public init() {}

    /// For methods that move x and y by one step size, or x on a function as steep as the lower one.
    var jointRate: Double { min(upperRate, lowerRate) }
}

extension MethodName {
    /// The combination behind the name; nil for methods that are none: they have solvers of their own.
    public func combination(_ s: MethodSettings) -> Method? {
        let K = s.innerIterations
        var method: Method
        switch self {
        case .iapttGM:
            method = .iapttGM(innerIterations: K, lowerRate: s.lowerRate, initializationRate: s.initializationRate)
        case .iaGM: method = .iaGM(innerIterations: K, lowerRate: s.lowerRate, initializationRate: s.initializationRate)
        case .iaGMAccelerated:
            method = .iaGMAccelerated(
                innerIterations: K, lowerRate: s.lowerRate, initializationRate: s.initializationRate)
        case .rhg: method = .rhg(innerIterations: K, lowerRate: s.lowerRate)
        case .fhg: method = .fhg(innerIterations: K, lowerRate: s.lowerRate)
        case .truncatedRHG:
            method = .truncatedRHG(
                innerIterations: K, lowerRate: s.lowerRate, truncationLength: min(s.truncationLength, max(K, 1)))
        case .bda:
            method = .bda(
                innerIterations: K, lowerRate: s.lowerRate, upperRateInLower: s.aggregationRate, mix: s.aggregationMix)
        case .conjugateGradient:
            method = .conjugateGradient(
                innerIterations: K, lowerRate: s.lowerRate, adjointIterations: s.adjointIterations)
        case .neumann: method = .neumann(innerIterations: K, lowerRate: s.lowerRate, terms: s.adjointIterations)
        case .fixedPoint:
            method = .fixedPoint(innerIterations: K, lowerRate: s.lowerRate, adjointIterations: s.adjointIterations)
        case .gmres: method = .gmres(innerIterations: K, lowerRate: s.lowerRate, adjointIterations: s.adjointIterations)
        case .oneStep: method = .oneStep(innerIterations: K, lowerRate: s.lowerRate)
        case .darts: method = .darts(innerIterations: K, lowerRate: s.lowerRate)
        case .firstOrder: method = .firstOrder(innerIterations: K, lowerRate: s.lowerRate)
        case .bvfsm, .pbgd, .f2sa, .meha, .bome, .soba, .saba, .stocBiO, .amIGO: return nil
        }
        if let dynamics = s.dynamics { method.dynamics = dynamics }
        if s.isWarmStarted, method.initialization == .fixed { method.initialization = .warmStart }
        if s.usesReferenceIndex, self == .iapttGM { method.truncation = .referenceIndex }
        return method
    }

    /// A solver for a problem without samples; plain gradient descent on x.
    public func solver<Upper: TensorTree, Lower: TensorTree>(
        for problem: BilevelProblem<Upper, Lower>, settings s: MethodSettings, upper: Upper, lower: Lower,
        threads: Int = 1, memoryBudget: Int? = nil
    ) throws(SolverError) -> any BilevelSolver {
        if let method = combination(s) {
            return try Solver(
                problem, method: method, upperRule: .gradientDescent(rate: s.upperRate), upper: upper, lower: lower,
                threads: threads, memoryBudget: memoryBudget)
        }
        guard !isStochastic else {
            throw .invalidMethod(
                "\(rawValue): objectives that are means over samples expected, this problem has none; nearest valid choice: "
                    + (self == .stocBiO ? "ns" : "ls"))
        }
        if let dynamics = s.dynamics {
            throw .invalidMethod(
                "\(rawValue) has lower steps of its own, got dynamics \(dynamics); nearest valid choice: none")
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
            throw .invalidMethod(
                "\(rawValue): a stochastic method expected for a problem of samples; nearest valid choice: soba")
        }
        return try StochasticSolver(
            problem, method: method, rates: rates, batchSize: batchSize, upper: upper, lower: lower, random: random)
    }
}

/// The valid name with the fewest insertions, deletions and replacements (Levenshtein 1966) from what was written.
public func nearestName(to written: String, in valid: [String]) -> String {
    func distance(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for (i, p) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, q) in b.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (p == q ? 0 : 1))
                (diagonal, row[j + 1]) = (row[j + 1], next)
            }
        }
        return row[b.count]
    }
    return valid.min {
        distance(Array(written.lowercased()), Array($0)) < distance(Array(written.lowercased()), Array($1))
    } ?? ""
}

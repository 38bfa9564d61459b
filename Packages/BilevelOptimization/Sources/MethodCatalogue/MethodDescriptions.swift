extension MethodName {
    /// A row of the table of methods, in words.
    public struct Description: Sendable {
        /// What it is, and who published it.
        public let title: String, source: String
        /// What it is for.
        public let purpose: String
        /// Work of one upper iteration and memory, in steps of K and sizes |x|, |y|.
        public let cost: String, memory: String
    }

    /// As the README's table shows it.
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
                memory: "(K + 1)·\\|y\\| and 5 \\|y\\|")
        case .neumann:
            Description(
                title: "implicit, Neumann series", source: "Lorraine et al. 2020",
                purpose: "strongly convex lower level, rate below 2/L", cost: "K steps, n Hessian products",
                memory: "(K + 1)·\\|y\\| and 4 \\|y\\|")
        case .fixedPoint:
            Description(
                title: "implicit, adjoint of the fixed point iterated", source: "Grazzi et al. 2020",
                purpose: "contracting steps, any constraint", cost: "K steps, n transposed steps",
                memory: "(K + 1)·\\|y\\| and 4 \\|y\\|")
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
}

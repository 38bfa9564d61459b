import BilevelOptimization

/// Every method by the name it has on a command line, with what a user needs to choose one.
public enum MethodName: String, Sendable, CaseIterable {
    case iapttGM = "iaptt-gm", iaGM = "ia-gm", iaGMAccelerated = "ia-gm-a"
    case rhg, fhg, truncatedRHG = "t-rhg", bda
    case conjugateGradient = "ls", neumann = "ns", fixedPoint = "fixed-point", gmres
    case oneStep = "one-step", darts, firstOrder = "first-order"
    case bvfsm, pbgd, f2sa, meha, bome
    case soba, saba, stocBiO = "stocbio", amIGO = "amigo"

    /// Whether it needs objectives that are means over samples.
    public var isStochastic: Bool { [.soba, .saba, .stocBiO, .amIGO].contains(self) }

    /// The method with that name, or a complaint that names the nearest one.
    public init(named name: String) throws(SolverError) {
        guard let method = MethodName(rawValue: name) else {
            let valid = MethodName.allCases.map(\.rawValue)
            throw .outOfRange(
                name: "method", expected: "one of \(valid.joined(separator: ", "))", got: "'\(name)'",
                nearest: nearestName(to: name, in: valid))
        }
        self = method
    }
}

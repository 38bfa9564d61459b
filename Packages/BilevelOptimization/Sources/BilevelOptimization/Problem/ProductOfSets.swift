import Tensors

/// One set for each tensor of the variable, in the order of visits.
public struct ProductOfSets: ConvexSet {
    /// One for each tensor of the variable.
    public let sets: [Constraint]

    public func projection(_ variable: [Tensor]) -> [Tensor] {
        precondition(
            sets.count == variable.count, "product of \(sets.count) sets for a variable of \(variable.count) tensors")
        return zip(sets, variable).flatMap { $0.projection([$1]) }
    }

    public var isCoordinatewise: Bool { sets.allSatisfy(\.isCoordinatewise) }
    public var isWholeSpace: Bool { sets.allSatisfy(\.isWholeSpace) }
    public var description: String { "the product of " + sets.map(\.description).joined(separator: ", ") }

    public func check(for variable: [Tensor], named name: String) throws(SolverError) {
        guard sets.count == variable.count else {
            throw .outOfRange(
                name: "set of \(name)", expected: "a product of \(variable.count) sets, one a tensor",
                got: "\(sets.count)", nearest: "the whole space")
        }
        for (i, set) in sets.enumerated() { try set.check(for: [variable[i]], named: "\(name)[\(i)]") }
    }
}

extension Constraint {
    /// One set for each tensor of the variable, in the order of visits.
    public static func product(_ sets: [Constraint]) -> Constraint { Constraint(ProductOfSets(sets: sets)) }
}

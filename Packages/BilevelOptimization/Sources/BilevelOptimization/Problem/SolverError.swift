/// Why a solver cannot start or go on. Each complaint says in one line what was expected, what came, and the nearest
/// valid choice.
public enum SolverError: Error, Sendable, Hashable {
    /// A step size or weight that is not a positive, finite number.
    case notPositive(name: String, value: Double)
    /// A number, name or set outside what is valid.
    case outOfRange(name: String, expected: String, got: String, nearest: String)
    /// Parts of a method, or a method and a problem, that do not go together; the part is the one to change.
    case incompatible(MethodPart, expected: String, got: String, nearest: String)
    /// A variable that starts outside its set.
    case startOutside(variable: String, value: Double, nearest: Double, set: String)
    /// Derivatives that are zero by construction.
    case nothingToLearn(DisconnectedLevels)
    /// A value that is not finite, in an iteration that counts from 1.
    case notFinite(quantity: String, iteration: Int)
    /// A state of another problem, method or kind of solver.
    case unfittingState(expected: String, got: String)
    /// A memory budget below what the leanest plan for K lower steps holds, all in bytes.
    case budgetTooSmall(needed: Int, innerIterations: Int, given: Int)
    /// A linear system of an implicit hypergradient that has no solution, or whose iteration diverges.
    case adjointFailed(relativeResidual: Double, products: Int, iteration: Int)

    /// What `incompatible` speaks of.
    public enum MethodPart: String, Sendable {
        case dynamics, truncation, initialization, hypergradient, solver
        case lowerConstraint = "lower set"
    }

    /// What `nothingToLearn` misses.
    public enum DisconnectedLevels: String, Sendable {
        case lowerIgnoresY = "the lower objective does not depend on y"
        case noTasks = "no tasks are set"
        case bothIgnoreX = "neither objective depends on x"
        case upperIgnoresBoth = "the upper objective depends on neither x nor y"
    }
}

extension SolverError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notPositive(let name, let value):
            "\(name): a positive number expected, got \(value); nearest valid choice: a small one such as 0.01"
        case .outOfRange(let name, let expected, let got, let nearest):
            "\(name): \(expected) expected, got \(got); nearest valid choice: \(nearest)"
        case .incompatible(let part, let expected, let got, let nearest):
            "\(part.rawValue): \(expected) expected, got \(got); nearest valid choice: \(nearest)"
        case .startOutside(let variable, let value, let nearest, let set):
            "start: \(variable) in \(set) expected, got a coordinate \(value); nearest valid choice: \(nearest)"
        case .nothingToLearn(let what):
            "problem: objectives that connect both levels expected, but \(what.rawValue)"
        case .unfittingState(let expected, let got): "state: \(expected) expected, got \(got)"
        case .notFinite(let quantity, let iteration):
            "\(quantity) is not finite in upper iteration \(iteration): a finite number was expected; "
                + "a smaller step size may help, if the data are finite"
        case .budgetTooSmall(let needed, let innerIterations, let given):
            "memory budget: at least \(needed) bytes for K = \(innerIterations) expected, got \(given); "
                + "nearest valid choice: \(needed)"
        case .adjointFailed(let residual, let products, let iteration):
            "linear system of the hypergradient in upper iteration \(iteration): a solution expected, "
                + "got a relative residual of \(residual) after \(products) products (the system is singular, or the "
                + "iteration diverges); nearest valid choice: reverse mode, or a method that accepts failed adjoints"
        }
    }
}

/// Step sizes and weights, by the names that a complaint is to use.
func checkPositive(_ numbers: [(name: String, value: Double)]) throws(SolverError) {
    for (name, value) in numbers where !(value > 0 && value.isFinite) { throw .notPositive(name: name, value: value) }
}

/// A count of at least 1.
func checkAtLeastOne(_ name: String, _ count: Int) throws(SolverError) {
    if count < 1 { throw .outOfRange(name: name, expected: "at least 1", got: "\(count)", nearest: "1") }
}

/// A share in [0, 1], or in [0, 1).
func checkShare(_ name: String, _ value: Double, includingOne: Bool = false) throws(SolverError) {
    guard value >= 0, includingOne ? value <= 1 : value < 1 else {
        throw .outOfRange(
            name: name, expected: "a number of [0, 1" + (includingOne ? "]" : ")"), got: "\(value)",
            nearest: value < 0 ? "0" : includingOne ? "1" : "0.9")
    }
}

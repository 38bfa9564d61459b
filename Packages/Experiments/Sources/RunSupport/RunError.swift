import BilevelOptimization
import Foundation

/// Why a run cannot begin or its results are none, in one line.
package enum RunError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A result that is not a finite number.
    case notFinite(place: String, quantity: String)
    /// Settings that ask for more memory than the machine has.
    case tooLarge(settings: String, bytes: Double, available: Double)
    /// A memory budget in which the solver does not fit, even where it computes every step again.
    case budgetTooSmall(given: MemorySize, needed: MemorySize, innerIterations: Int)

    package var description: String {
        switch self {
        case .notFinite(let place, let quantity):
            "\(place): finite numbers expected, \(quantity) are not; fewer or smaller lower steps may help"
        case .tooLarge(let settings, let bytes, let available):
            String(format: "\(settings): at most %.1f GiB of memory expected, they need %.1f GiB", available, bytes)
        case .budgetTooSmall(let given, let needed, let innerIterations):
            "--memory-budget \(given): at least \(needed) expected, which the solver needs with "
                + "--inner-iterations \(innerIterations); nearest valid choice: --memory-budget \(needed)"
        }
    }

    /// Whether settings are wrong, of which every one is an option, and not data or files.
    var isAboutSettings: Bool {
        switch self {
        case .tooLarge, .budgetTooSmall: true
        case .notFinite: false
        }
    }

    /// That the states of a lower loop can be had at all, before they are asked for.
    /// - Parameters:
    ///   - innerIterations: K; K + 1 states are kept.
    ///   - bytesPerState: of y.
    ///   - copies: loops that run at once.
    ///   - budget: where the solver is to make do with so much, whatever K is.
    package static func checkMemory(
        innerIterations: Int, bytesPerState: Int, copies: Int = 1, budget: MemorySize? = nil
    ) throws(RunError) {
        let bytes =
            budget.map { Double($0.byteCount) }
            ?? (Double(innerIterations) + 1) * Double(bytesPerState) * Double(copies)
        let available = Double(ProcessInfo.processInfo.physicalMemory)
        if bytes > available {
            let settings = budget.map { "--memory-budget \($0)" } ?? "--inner-iterations \(innerIterations)"
            throw .tooLarge(settings: settings, bytes: bytes / 0x1p30, available: available / 0x1p30)
        }
    }

    /// Makes a solver; what it says of its memory budget is said in terms of the options.
    package static func inOptions<Made>(_ make: () throws(SolverError) -> Made) throws -> Made {
        do { return try make() } catch .budgetTooSmall(let needed, let innerIterations, let given) {
            throw RunError.budgetTooSmall(
                given: MemorySize(byteCount: given), needed: MemorySize(byteCount: needed),
                innerIterations: innerIterations)
        }
    }
}

/// An error about data, with the layout that was expected.
package struct LayoutError: Error, CustomStringConvertible {
    package let description: String

    package init(_ error: any Error, layout: String) { description = "\(error) (expected: \(layout))" }
}

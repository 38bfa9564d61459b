/// What happened in one upper iteration.
public struct IterationReport: Sendable {
    /// Counted from 1.
    public let iteration: Int
    /// k̄, the last step that was differentiated.
    public let truncation: Int
    /// F(x, y_k̄).
    public let upperValue: Double
    /// F(x, y_K).
    public let finalUpperValue: Double
    /// ‖dF/dx‖₂ and ‖dF/dy_0‖₂.
    public let hypergradientNorm: Double
    public let initializationGradientNorm: Double
    /// ‖y_K - y_{K-1}‖₂.
    public let lowerStepNorm: Double
    /// Seconds in the lower steps and upper values, in the derivative, in the updates.
    public let forwardSeconds: Double
    public let backwardSeconds: Double
    public internal(set) var updateSeconds = 0.0

    public var seconds: Double { forwardSeconds + backwardSeconds + updateSeconds }
}

/// Why a solver cannot start or go on.
public enum SolverError: Error, Sendable, CustomStringConvertible {
    case invalidMethod(String)
    case notFinite(quantity: String, iteration: Int)

    public var description: String {
        switch self {
        case .invalidMethod(let reason): reason
        case .notFinite(let quantity, let iteration):
            "\(quantity) is not finite in upper iteration \(iteration): a finite number was expected; a smaller step size may help"
        }
    }
}

/// What a hypergradient reads of the lower trajectory; nothing else is stored.
public enum TrajectoryNeeds: Sendable, Hashable {
    /// The last two states, y_{K-1} and y_K.
    case end
    /// The states from step k on.
    case states(from: Int)
    /// The states from step k on, and what transposed steps would otherwise compute again, as memory allows.
    case residuals(from: Int)

    /// The first state that is stored, of K steps.
    func firstState(of steps: Int) -> Int {
        switch self {
        case .end: steps - 1
        case .states(let first), .residuals(let first): min(max(first, 0), steps - 1)
        }
    }
}

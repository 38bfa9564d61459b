/// Which part of the trajectory is differentiated.
public enum Truncation: Sendable, Hashable {
    /// All K steps.
    case none
    /// The last h steps only: the earlier ones count as constant (Shaban et al. 2019).
    case last(Int)
    /// Steps 0 … k̄ with k̄ = argmax over 1 ≤ k ≤ K of F(x, y_k), the smallest at ties (Liu et al. 2021).
    case pessimistic
    /// As `pessimistic`, with F after every step, but for a given k̄: to measure what a choice of that length costs.
    case at(Int)
    /// What the authors' code of March 2022 differentiates: as `pessimistic`, but its history holds two entries a step,
    /// so that entry k̄ is step ⌈k̄/2⌉.
    case referenceIndex

    /// Whether F is needed after every step.
    var needsEveryValue: Bool {
        switch self {
        case .pessimistic, .at, .referenceIndex: true
        case .none, .last: false
        }
    }
}

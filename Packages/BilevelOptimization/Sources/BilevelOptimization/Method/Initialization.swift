/// Where the lower iteration starts.
public enum Initialization: Sendable, Hashable {
    /// The same y_0 in every upper iteration.
    case fixed
    /// The previous iteration's y_K.
    case warmStart
    /// The initialization auxiliary z (Liu et al. 2021), moved along dF/dz by a rule and projected onto Y.
    case learned(UpdateRule)
}

extension Initialization {
    /// What moves a learned start.
    public var rule: UpdateRule? { if case .learned(let rule) = self { rule } else { nil } }
    /// Whether z moves.
    public var isLearned: Bool { rule != nil }
}

extension Initialization: CustomStringConvertible {
    public var description: String {
        switch self {
        case .fixed: "a fixed start"
        case .warmStart: "a warm start"
        case .learned(let rule): "a start learned by \(rule)"
        }
    }
}

/// Which part of the trajectory is differentiated.
public enum Truncation: Sendable, Hashable {
    /// All K steps.
    case none
    /// The last h steps only: the earlier ones count as constant (Shaban et al. 2019).
    case last(Int)
    /// Steps 0 … k̄, where k̄ is chosen by the values of F after every step.
    case chosen(StepChoice)
    /// As `chosen`, with F after every step, but for a given k̄: to measure what a choice of that length costs.
    case at(Int)

    /// Steps 0 … k̄ with k̄ = argmax over 1 ≤ k ≤ K of F(x, y_k), the smallest at ties (Liu et al. 2021).
    public static let pessimistic = Truncation.chosen(.largestValue)

    /// Whether F is needed after every step.
    var needsEveryValue: Bool {
        switch self {
        case .chosen, .at: true
        case .none, .last: false
        }
    }
}

/// k̄, 1 … K, as a function of F's values. Choices of one name count as equal.
public struct StepChoice: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    private let choose: @Sendable ([Double]) -> Int

    /// - Parameter choose: given F(x, y_k) at each k, 1 … K; at 0 stands NaN.
    public init(named name: String, _ choose: @escaping @Sendable ([Double]) -> Int) {
        description = name
        self.choose = choose
    }

    /// The step of the largest value, the smallest such at ties.
    public static let largestValue = StepChoice(named: "pessimistic") { values in
        var worst = 1
        for k in 1..<values.count where values[k] > values[worst] { worst = k }
        return worst
    }

    /// - Parameter values: F(x, y_k) at each k, 1 … K; at 0 stands NaN. Result: k̄, 1 … K.
    public func callAsFunction(_ values: [Double]) -> Int {
        let step = choose(values)
        require(step >= 1 && step < values.count, "truncation \(self): step \(step) of 1 … \(values.count - 1)")
        return step
    }

    public static func == (a: StepChoice, b: StepChoice) -> Bool { a.description == b.description }
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

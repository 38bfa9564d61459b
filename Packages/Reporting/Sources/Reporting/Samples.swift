/// Numbers and what describes them.
public struct Samples: Sendable {
    private let sorted: [Double]

    /// Values in any order.
    public init(_ values: [Double]) { sorted = values.sorted() }

    /// Not a number where there is no value.
    public var minimum: Double { sorted.first ?? .nan }
    /// Not a number where there is no value.
    public var maximum: Double { sorted.last ?? .nan }
    /// Not a number where there is no value.
    public var mean: Double { sorted.reduce(0, +) / Double(sorted.count) }

    /// Half of the 95% interval of the mean, 1.96 s/√n with the sample deviation s; NaN of fewer than two values.
    public var confidence95: Double {
        let n = Double(sorted.count), mean = self.mean
        return n < 2 ? .nan : 1.96 * (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1) / n).squareRoot()
    }

    /// The middle value, or the mean of the two middle ones; NaN of nothing.
    public var median: Double {
        guard !sorted.isEmpty else { return .nan }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

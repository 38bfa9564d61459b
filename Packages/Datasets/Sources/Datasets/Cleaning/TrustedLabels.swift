/// Samples whose labels are known to be right: named samples of the data, or others beside them.
public struct TrustedLabels: Sendable {
    /// Of the data's samples, ascending, none twice.
    public let indices: [Int]
    /// Their true classes.
    public let labels: [Int32]
    /// Samples that are not in the data, prepared as it is and with its classes.
    public let others: LabeledSamples?

    /// - Parameter others: samples that are not among the data, with labels that are known.
    public init(indices: [Int] = [], labels: [Int32] = [], others: LabeledSamples? = nil) {
        (self.indices, self.labels, self.others) = (indices, labels, others)
    }

    /// Of both kinds.
    public var count: Int { indices.count + (others?.count ?? 0) }
}

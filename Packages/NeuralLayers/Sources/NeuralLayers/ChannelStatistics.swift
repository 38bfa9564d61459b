import Tensors

/// Mean and variance of each channel, over a batch and its images.
public struct ChannelStatistics: TensorTree {
    /// [channels].
    public var mean: Tensor, variance: Tensor

    /// Of known mean and variance, [channels] each.
    public init(mean: Tensor, variance: Tensor) {
        self.mean = mean
        self.variance = variance
    }

    /// - Parameter input: [..., channels].
    public init(of input: Tensor) {
        let axes = Array(0..<(input.rank - 1))
        mean = input.mean(axes: axes)
        variance = (input - mean).squared().mean(axes: axes)
    }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("mean", &mean)
        try visit("variance", &variance)
    }
}

/// Whose statistics a network's normalizations use, in the order in which a batch comes to them: the batch's own, or
/// those that another batch left behind.
///
///     var support = NormalizationSource()
///     let features = network(supportImages, &support)
///     var query = NormalizationSource(support.statistics)
///     let others = network(queryImages, &query)  // each image by itself: no statistics of its company
public struct NormalizationSource {
    /// Of every normalization that was passed.
    public private(set) var statistics: [ChannelStatistics] = []
    private let given: [ChannelStatistics]?

    /// The batch's own.
    public init() { given = nil }

    /// - Parameter given: one for each normalization that will be passed.
    public init(_ given: [ChannelStatistics]) { self.given = given }

    /// How many of those given were not used.
    public var remaining: Int { (given?.count ?? statistics.count) - statistics.count }

    mutating func next(for input: Tensor, file: StaticString = #fileID, line: UInt = #line) -> ChannelStatistics {
        require(
            given == nil || remaining > 0, "normalization: statistics of more than \(statistics.count) layers expected",
            file: file, line: line)
        let next = given?[statistics.count] ?? ChannelStatistics(of: input)
        statistics.append(next)
        return next
    }
}

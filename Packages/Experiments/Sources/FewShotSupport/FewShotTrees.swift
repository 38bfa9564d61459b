import NeuralLayers
import Tensors

/// What a task is given: images [n, channels, height, width], class after class, and the factor by which the lower step
/// size has decayed, []; with running statistics, those of the backbone's normalizations in their order.
package struct EpisodeData: TensorTree {
    package var support: Tensor, query: Tensor, rateFactor: Tensor
    package var statistics: [ChannelStatistics]

    package init(support: Tensor, query: Tensor, rateFactor: Tensor, statistics: [ChannelStatistics] = []) {
        self.support = support
        self.query = query
        self.rateFactor = rateFactor
        self.statistics = statistics
    }

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("support", &support)
        try visit("query", &query)
        try visit("rateFactor", &rateFactor)
        try statistics.visitTensors(under: "statistics", visit)
    }
}

/// What a task needs of x: the backbone's maps [n, height, width, channels] of its images, what is learned of its
/// network's steps, and where the lower level has a closed form, its solution.
package struct EpisodeMaps: TensorTree {
    package var support: Tensor, query: Tensor
    /// As in the episode's data; empty where the lower level is not solved by steps.
    package var rateFactor: [Tensor] = []
    package var steps = StepVariables()
    /// Of the query: those that its normalizations after the backbone are given, or those that the backbone left.
    package var statistics: [ChannelStatistics] = []
    /// Empty, or one.
    package var solution: [Linear] = []
    /// What logits are multiplied with; empty for 1.
    package var scale: [Tensor] = []

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("support", &support)
        try visit("query", &query)
        try rateFactor.visitTensors(under: "rateFactor", visit)
        try steps.visitTensors(under: "steps", visit)
        try statistics.visitTensors(under: "statistics", visit)
        try solution.visitTensors(under: "solution", visit)
        try scale.visitTensors(under: "scale", visit)
    }
}

/// x: the backbone, what is learned of the lower steps, and what a head that is solved exactly learns beside the
/// features.
package struct SharedVariables: TensorTree {
    package var backbone: Backbone
    package var steps = StepVariables()
    /// Logarithms: of the scale of logits, then of ridge regression's λ. Empty for other heads.
    package var head: [Tensor] = []

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try backbone.visitTensors(visit)
        try steps.visitTensors(visit)
        try head.visitTensors(under: "head", visit)
    }
}

/// What all tasks share: images [n, height, width, channels] to maps or features.
package enum Backbone: TensorTree {
    /// Nothing is shared but the start (MAML, FOMAML): images pass as they are.
    case none
    case blocks([ConvolutionBlock])
    case residual(ResNet12)

    package func callAsFunction(_ images: Tensor, _ source: inout NormalizationSource) -> Tensor {
        switch self {
        case .none: images
        case .blocks(let blocks): blocks.reduce(images) { $1($0, &source) }
        case .residual(let network): network(images, &source)
        }
    }

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        switch self {
        case .none: break
        case .blocks(var blocks):
            try blocks.visitTensors(visit)
            self = .blocks(blocks)
        case .residual(var network):
            try network.visitTensors(visit)
            self = .residual(network)
        }
    }
}

/// What each task has for itself: convolution blocks, if any, and a linear layer on the flattened maps.
package struct TaskNetwork: TensorTree {
    package var blocks: [ConvolutionBlock]
    package var linear: Linear
    /// How many steps have been taken, [], where they differ; else empty.
    package var clock: [Tensor] = []

    /// - Parameter maps: [n, height, width, channels] or [n, features]. Result: [n, ways].
    package func callAsFunction(_ maps: Tensor, _ source: inout NormalizationSource) -> Tensor {
        linear(blocks.reduce(maps) { $1($0, &source) }.rowsOfFeatures)
    }

    /// By the batch's own statistics.
    package func callAsFunction(_ maps: Tensor) -> Tensor {
        var own = NormalizationSource()
        return self(maps, &own)
    }

    /// Logits of the query.
    package func query(of maps: EpisodeMaps, _ normalization: EpisodeNormalization) -> Tensor {
        let logits = unscaled(maps, normalization)
        return maps.scale.first.map { logits * $0 } ?? logits
    }

    private func unscaled(_ maps: EpisodeMaps, _ normalization: EpisodeNormalization) -> Tensor {
        let network = normalized(by: maps.steps)
        switch normalization {
        case .bySupport where !blocks.isEmpty:
            var support = NormalizationSource()
            _ = network(maps.support, &support)
            var others = NormalizationSource(support.statistics)
            return network(maps.query, &others)
        case .queryGiven:
            var given = NormalizationSource(maps.statistics)
            return network(maps.query, &given)
        default: return network(maps.query)
        }
    }

    /// What the query leaves in its normalizations, those of the backbone first: all in one vector.
    func statistics(ofQuery maps: EpisodeMaps) -> Tensor {
        var own = NormalizationSource()
        _ = normalized(by: maps.steps)(maps.query, &own)
        return (maps.statistics + own.statistics).packed
    }

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try blocks.visitTensors(under: "blocks", visit)
        try linear.visitTensors(under: "linear", visit)
        try clock.visitTensors(under: "clock", visit)
    }
}

extension Tensor {
    /// [n, height, width, channels] as [n, features].
    var rowsOfFeatures: Tensor { reshaped(to: [shape[0], count / Swift.max(shape[0], 1)]) }
}

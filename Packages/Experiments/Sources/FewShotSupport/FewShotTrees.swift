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

/// What a task needs of x: the backbone's maps [n, height, width, channels] of its images, step sizes for each tensor
/// of its network, and where the lower level has a closed form, its solution.
package struct EpisodeMaps: TensorTree {
    package var support: Tensor, query: Tensor, stepSizes: [Tensor]
    /// Empty, or one.
    package var solution: [Linear] = []
    /// What logits are multiplied with; empty for 1.
    package var scale: [Tensor] = []

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("support", &support)
        try visit("query", &query)
        try stepSizes.visitTensors(under: "stepSizes", visit)
        try solution.visitTensors(under: "solution", visit)
        try scale.visitTensors(under: "scale", visit)
    }
}

/// x: the backbone, with Meta-SGD a step size for each weight of a task's network, and what a head that is solved
/// exactly learns beside the features.
package struct SharedVariables: TensorTree {
    package var backbone: Backbone
    /// Empty, or one tensor for each of the task network's.
    package var stepSizes: [Tensor] = []
    /// Logarithms: of the scale of logits, then of ridge regression's λ. Empty for other heads.
    package var head: [Tensor] = []

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try backbone.visitTensors(visit)
        try stepSizes.visitTensors(under: "stepSizes", visit)
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
        guard normalization == .bySupport, !blocks.isEmpty else { return self(maps.query) }
        var support = NormalizationSource()
        _ = self(maps.support, &support)
        var others = NormalizationSource(support.statistics)
        return self(maps.query, &others)
    }

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try blocks.visitTensors(under: "blocks", visit)
        try linear.visitTensors(under: "linear", visit)
    }
}

extension Tensor {
    /// [n, height, width, channels] as [n, features].
    var rowsOfFeatures: Tensor { reshaped(to: [shape[0], count / Swift.max(shape[0], 1)]) }
}

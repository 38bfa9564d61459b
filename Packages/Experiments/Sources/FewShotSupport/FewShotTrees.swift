import NeuralLayers
import Tensors

/// What a task is given: images [n, channels, height, width], class after class, and the factor by which the lower step
/// size has decayed, [].
package struct EpisodeData: TensorTree {
    package var support: Tensor, query: Tensor, rateFactor: Tensor

    package init(support: Tensor, query: Tensor, rateFactor: Tensor) {
        self.support = support
        self.query = query
        self.rateFactor = rateFactor
    }

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("support", &support)
        try visit("query", &query)
        try visit("rateFactor", &rateFactor)
    }
}

/// What a task needs of x: the backbone's maps [n, height, width, channels] of its images, and step sizes for each
/// tensor of its network.
package struct EpisodeMaps: TensorTree {
    package var support: Tensor, query: Tensor, stepSizes: [Tensor]

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("support", &support)
        try visit("query", &query)
        try stepSizes.visitTensors(under: "stepSizes", visit)
    }
}

/// x: the backbone, and with Meta-SGD a step size for each weight of a task's network.
package struct SharedVariables: TensorTree {
    package var backbone: Backbone
    /// Empty, or one tensor for each of the task network's.
    package var stepSizes: [Tensor] = []

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try backbone.visitTensors(visit)
        try stepSizes.visitTensors(under: "stepSizes", visit)
    }
}

/// What all tasks share: images [n, height, width, channels] to maps or features.
package enum Backbone: TensorTree {
    /// Nothing is shared but the start (MAML, FOMAML): images pass as they are.
    case none
    case blocks([ConvolutionBlock])
    case residual(ResNet12)

    package func callAsFunction(_ images: Tensor) -> Tensor {
        switch self {
        case .none: images
        case .blocks(let blocks): blocks.reduce(images) { $1($0) }
        case .residual(let network): network(images)
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
    package func callAsFunction(_ maps: Tensor) -> Tensor {
        let result = blocks.reduce(maps) { $1($0) }
        return linear(result.reshaped(to: [result.shape[0], result.count / max(result.shape[0], 1)]))
    }

    package mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try blocks.visitTensors(under: "blocks", visit)
        try linear.visitTensors(under: "linear", visit)
    }
}

import Randomness
import Tensors

/// Convolution 3x3, 2x2 max pooling or a stride of 2, batch normalization and an activation, in one of the orders of
/// the field.
public struct ConvolutionBlock: TensorTree {
    /// What comes after the convolution, in order.
    public enum Order: String, Sendable, CaseIterable {
        /// Convolution - activation - pooling - normalization: the Omniglot backbone.
        case activationPoolingNormalization
        /// Convolution - pooling - normalization - activation: ConvNet-4.
        case poolingNormalizationActivation
        /// Convolution of every second place - normalization - activation: Omniglot in Finn et al. (2017).
        case stridedNormalizationActivation
    }

    /// 3x3.
    public var convolution: Convolution2D
    /// Over the batch.
    public var normalization: BatchNormalization
    /// Element by element.
    public let activation: Activation
    /// Of activation, normalization and pooling.
    public let order: Order
    /// Whether the result is the mean over all places: [n, 1, 1, outputs].
    public let isAveraged: Bool

    /// A block from `inputs` to `outputs` channels, its weights drawn from `random`.
    public init(
        inputs: Int, outputs: Int, order: Order, activation: Activation = .relu, isAveraged: Bool = false,
        using random: inout RandomGenerator, elementType: ElementType = .float32
    ) {
        convolution = Convolution2D(
            inputs: inputs, outputs: outputs, stride: order == .stridedNormalizationActivation ? 2 : 1, using: &random,
            elementType: elementType)
        normalization = BatchNormalization(channels: outputs, elementType: elementType)
        self.activation = activation
        self.order = order
        self.isAveraged = isAveraged
    }

    /// - Parameter images: [n, height, width, inputs]. Result: [n, height / 2, width / 2, outputs], rounded up with a
    ///   stride and down with pooling; [n, 1, 1, outputs] where it is averaged.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        var own = NormalizationSource()
        return self(images, &own)
    }

    /// The same with the statistics of `source`, which goes on to the next normalization.
    public func callAsFunction(_ images: Tensor, _ source: inout NormalizationSource) -> Tensor {
        let maps = self.maps(images, &source)
        return isAveraged ? maps.mean(axes: [1, 2], keepingAxes: true) : maps
    }

    private func maps(_ images: Tensor, _ source: inout NormalizationSource) -> Tensor {
        // A bias and a rising activation do not change which element of a window is the largest: after the pooling
        // there are four times fewer elements for them.
        func pooled() -> Tensor { convolution.addingBias(convolution.withoutBias(images).maxPooled(size: 2)) }
        switch order {
        case .activationPoolingNormalization:
            let input =
                activation.isMonotone ? activation(pooled()) : activation(convolution(images)).maxPooled(size: 2)
            return normalization(input, by: source.next(for: input))
        case .poolingNormalizationActivation:
            let input = pooled()
            return activation(normalization(input, by: source.next(for: input)))
        case .stridedNormalizationActivation:
            let input = convolution(images)
            return activation(normalization(input, by: source.next(for: input)))
        }
    }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try convolution.visitTensors(under: "convolution", visit)
        try normalization.visitTensors(under: "normalization", visit)
    }
}

/// Convolution blocks one after the other, flattened: images [n, height, width, channels] to features [n, …].
public struct ConvolutionNetwork: TensorTree {
    /// One after the other.
    public var blocks: [ConvolutionBlock]

    /// A network of blocks that are there.
    public init(blocks: [ConvolutionBlock]) { self.blocks = blocks }

    /// Four blocks of 64 channels for 28 x 28 x 1 images: 64 features (Vinyals et al. 2016).
    public static func omniglot(
        hidden: Int = 64, using random: inout RandomGenerator, elementType: ElementType = .float32
    ) -> ConvolutionNetwork {
        stack(
            inputs: 1, hidden: hidden, depth: 4, order: .activationPoolingNormalization, using: &random,
            elementType: elementType)
    }

    /// Four blocks of 32 channels: 800 features of 84 x 84 x 3 images (Ravi and Larochelle 2017; Finn et al. 2017).
    public static func convNet(
        inputs: Int = 3, hidden: Int = 32, depth: Int = 4, using random: inout RandomGenerator,
        elementType: ElementType = .float32
    ) -> ConvolutionNetwork {
        stack(
            inputs: inputs, hidden: hidden, depth: depth, order: .poolingNormalizationActivation, using: &random,
            elementType: elementType)
    }

    /// Four blocks of 64 channels with a stride of 2 for 28 x 28 x 1 images, the last averaged over its 2 x 2 places:
    /// 64 features (Finn et al. 2017).
    public static func stridedOmniglot(
        hidden: Int = 64, using random: inout RandomGenerator, elementType: ElementType = .float32
    ) -> ConvolutionNetwork {
        stack(
            inputs: 1, hidden: hidden, depth: 4, order: .stridedNormalizationActivation, isAveraged: true,
            using: &random, elementType: elementType)
    }

    private static func stack(
        inputs: Int, hidden: Int, depth: Int, order: ConvolutionBlock.Order, isAveraged: Bool = false,
        using random: inout RandomGenerator, elementType: ElementType
    ) -> ConvolutionNetwork {
        ConvolutionNetwork(
            blocks: (0..<depth).map {
                ConvolutionBlock(
                    inputs: $0 == 0 ? inputs : hidden, outputs: hidden, order: order,
                    isAveraged: isAveraged && $0 == depth - 1, using: &random, elementType: elementType)
            })
    }

    /// - Parameter images: [n, height, width, channels]. Result: [n, features].
    public func callAsFunction(_ images: Tensor) -> Tensor {
        var own = NormalizationSource()
        return self(images, &own)
    }

    public func callAsFunction(_ images: Tensor, _ source: inout NormalizationSource) -> Tensor {
        let maps = blocks.reduce(images) { $1($0, &source) }
        return maps.reshaped(to: [maps.shape[0], maps.shape[1] * maps.shape[2] * maps.shape[3]])
    }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try blocks.visitTensors(visit)
    }
}

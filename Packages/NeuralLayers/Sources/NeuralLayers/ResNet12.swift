import Randomness
import Tensors

/// Three convolutions with batch normalization and a 1x1 shortcut, ReLU after their sum, 2x2 max pooling.
public struct ResidualBlock: TensorTree {
    /// Three of 3x3, a normalization behind each.
    public var convolutions: [Convolution2D], normalizations: [BatchNormalization]
    /// 1x1, around the three.
    public var shortcut: Convolution2D, shortcutNormalization: BatchNormalization
    /// Of the pooling that ends the block; nil where none does.
    public let poolingPadding: Int?

    /// A block from `inputs` to `outputs` channels, its weights drawn from `random`.
    public init(
        inputs: Int, outputs: Int, poolingPadding: Int?, using random: inout RandomGenerator,
        elementType: ElementType = .float32
    ) {
        convolutions = [inputs, outputs, outputs].map {
            Convolution2D(
                inputs: $0, outputs: outputs, hasBias: false, initializer: .kaimingNormal, using: &random,
                elementType: elementType)
        }
        normalizations = (0..<3).map { _ in BatchNormalization(channels: outputs, elementType: elementType) }
        shortcut = Convolution2D(
            inputs: inputs, outputs: outputs, size: 1, hasBias: false, initializer: .kaimingNormal, using: &random,
            elementType: elementType)
        shortcutNormalization = BatchNormalization(channels: outputs, elementType: elementType)
        self.poolingPadding = poolingPadding
    }

    /// - Parameter images: [n, height, width, inputs]. Result: [n, height', width', outputs].
    public func callAsFunction(_ images: Tensor) -> Tensor {
        var own = NormalizationSource()
        return self(images, &own)
    }

    /// The same with the statistics of `source`, which goes on to the next normalization; the shortcut's come last.
    public func callAsFunction(_ images: Tensor, _ source: inout NormalizationSource) -> Tensor {
        var value = images
        for i in 0..<3 {
            let maps = convolutions[i](value)
            value = normalizations[i](maps, by: source.next(for: maps))
            if i < 2 { value = value.relu() }
        }
        let passed = shortcut(images)
        value = (value + shortcutNormalization(passed, by: source.next(for: passed))).relu()
        return poolingPadding.map { value.maxPooled(size: 2, padding: $0) } ?? value
    }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try convolutions.visitTensors(under: "convolutions", visit)
        try normalizations.visitTensors(under: "normalizations", visit)
        try shortcut.visitTensors(under: "shortcut", visit)
        try shortcutNormalization.visitTensors(under: "shortcutNormalization", visit)
    }
}

/// ResNet-12: four residual blocks, max pooling after the first three, global average pooling (Oreshkin et al. 2018;
/// METHODS section 5).
public struct ResNet12: TensorTree {
    /// Four.
    public var blocks: [ResidualBlock]

    /// Weights drawn from `random`; `channels` of each block's result.
    public init(
        inputs: Int = 3, channels: [Int] = [64, 128, 256, 512], poolingPaddings: [Int?] = [0, 0, 1, nil],
        using random: inout RandomGenerator, elementType: ElementType = .float32
    ) {
        blocks = channels.indices.map {
            ResidualBlock(
                inputs: $0 == 0 ? inputs : channels[$0 - 1], outputs: channels[$0], poolingPadding: poolingPaddings[$0],
                using: &random, elementType: elementType)
        }
    }

    /// - Parameter images: [n, height, width, inputs]. Result: [n, channels.last].
    public func callAsFunction(_ images: Tensor) -> Tensor {
        var own = NormalizationSource()
        return self(images, &own)
    }

    public func callAsFunction(_ images: Tensor, _ source: inout NormalizationSource) -> Tensor {
        blocks.reduce(images) { $1($0, &source) }.globalAveragePooled()
    }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try blocks.visitTensors(visit)
    }
}

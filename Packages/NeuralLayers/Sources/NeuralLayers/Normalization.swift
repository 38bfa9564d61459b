import Tensors

/// Normalizes each channel by mean and variance over the batch (and the image, for [n, height, width, channels]), or by
/// those of another batch (Ioffe and Szegedy 2015). By its own the outputs for a picture depend on its company, so that
/// few-shot classification is transductive.
public struct BatchNormalization: TensorTree {
    /// [channels].
    public var scale: Tensor, shift: Tensor
    /// Added to the variance.
    public let epsilon: Double

    /// Scale 1 and shift 0 for each channel.
    public init(channels: Int, epsilon: Double = 1e-5, elementType: ElementType = .float32) {
        scale = Tensor.ones([channels], elementType: elementType).evaluated()
        shift = Tensor.zeros([channels], elementType: elementType).evaluated()
        self.epsilon = epsilon
    }

    /// By the batch's own statistics.
    /// - Parameter input: [..., channels].
    public func callAsFunction(_ input: Tensor) -> Tensor { self(input, by: ChannelStatistics(of: input)) }

    /// - Parameter input: [..., channels].
    public func callAsFunction(_ input: Tensor, by statistics: ChannelStatistics) -> Tensor {
        (input - statistics.mean) * (scale / (statistics.variance + epsilon).sqrt()) + shift
    }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("scale", &scale)
        try visit("shift", &shift)
    }
}

/// Normalizes each row by its own mean and variance (Ba, Kiros and Hinton 2016).
public struct LayerNormalization: TensorTree {
    /// [features].
    public var scale: Tensor, shift: Tensor
    /// Added to the variance.
    public let epsilon: Double

    /// Scale 1 and shift 0 for each feature.
    public init(features: Int, epsilon: Double = 1e-5, elementType: ElementType = .float32) {
        scale = Tensor.ones([features], elementType: elementType).evaluated()
        shift = Tensor.zeros([features], elementType: elementType).evaluated()
        self.epsilon = epsilon
    }

    /// - Parameter input: [..., features].
    public func callAsFunction(_ input: Tensor) -> Tensor {
        let centred = input - input.mean(axes: [-1], keepingAxes: true),
            variance = centred.squared().mean(axes: [-1], keepingAxes: true)
        return centred / (variance + epsilon).sqrt() * scale + shift
    }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("scale", &scale)
        try visit("shift", &shift)
    }
}

import Tensors

/// Normalizes each channel by mean and variance over the batch (and the image, for [n, height, width, channels]):
/// always this batch's own statistics, in training and at test, so that few-shot classification with it is transductive
/// (Ioffe and Szegedy 2015).
public struct BatchNormalization: TensorTree {
    /// [channels].
    public var scale: Tensor, shift: Tensor
    public let epsilon: Double

    public init(channels: Int, epsilon: Double = 1e-5, elementType: ElementType = .float32) {
        scale = Tensor.ones([channels], elementType: elementType).evaluated()
        shift = Tensor.zeros([channels], elementType: elementType).evaluated()
        self.epsilon = epsilon
    }

    /// - Parameter input: [..., channels].
    public func callAsFunction(_ input: Tensor) -> Tensor {
        let axes = Array(0..<(input.rank - 1)), mean = input.mean(axes: axes), centred = input - mean
        let variance = centred.squared().mean(axes: axes)
        return centred * (scale / (variance + epsilon).sqrt()) + shift
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
    public let epsilon: Double

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

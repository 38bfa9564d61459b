import Randomness
import Tensors

/// Convolution of images [n, height, width, channels] with square windows, and a bias for each output channel. The
/// weight is [rows, columns, inputs, outputs]; PyTorch's [outputs, inputs, rows, columns] is its `permuted([2, 3, 1,
/// 0])`.
public struct Convolution2D: TensorTree {
    /// [height, width, inputs, outputs].
    public var weight: Tensor
    /// [outputs]; empty when a normalization follows that would remove it.
    public var bias: [Tensor]
    /// In pixels, the same in both directions.
    public let stride: Int, padding: Int

    /// - Parameters:
    ///   - inputs: channels of the images.
    ///   - outputs: channels of the result.
    ///   - size: of the square window, in pixels.
    public init(
        inputs: Int, outputs: Int, size: Int = 3, stride: Int = 1, padding: Int? = nil, hasBias: Bool = true,
        initializer: WeightInitializer = .torchDefault, using random: inout RandomGenerator,
        elementType: ElementType = .float32
    ) {
        let fanIn = size * size * inputs
        weight = initializer.weight(
            [size, size, inputs, outputs], fanIn: fanIn, fanOut: size * size * outputs, using: &random,
            elementType: elementType)
        bias = hasBias ? [initializer.bias([outputs], fanIn: fanIn, using: &random, elementType: elementType)] : []
        self.stride = stride
        self.padding = padding ?? size / 2
    }

    /// - Parameter images: [n, height, width, inputs]. Result: [n, height', width', outputs].
    public func callAsFunction(_ images: Tensor) -> Tensor { addingBias(withoutBias(images)) }

    func withoutBias(_ images: Tensor) -> Tensor { images.convolved(with: weight, stride: stride, padding: padding) }
    func addingBias(_ maps: Tensor) -> Tensor { bias.first.map { maps + $0 } ?? maps }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("weight", &weight)
        if !bias.isEmpty { try visit("bias", &bias[0]) }
    }
}

import Randomness
import Tensors

/// Convolution of images [n, height, width, channels] with square windows, and a bias for each output channel. The
/// weight is [rows, columns, inputs, outputs]; PyTorch's [outputs, inputs, rows, columns] is its `permuted([2, 3, 1,
/// 0])`.
public struct Convolution2D: TensorTree {
    public var weight: Tensor
    /// [outputs]; empty when a normalization follows that would remove it.
    public var bias: [Tensor]
    public let stride: Int, padding: Int

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

    public func callAsFunction(_ images: Tensor) -> Tensor { addingBias(withoutBias(images)) }

    func withoutBias(_ images: Tensor) -> Tensor { images.convolved(with: weight, stride: stride, padding: padding) }
    func addingBias(_ maps: Tensor) -> Tensor { bias.first.map { maps + $0 } ?? maps }

    public mutating func visitTensors(_ visit: (String, inout Tensor) throws -> Void) rethrows {
        try visit("weight", &weight)
        if !bias.isEmpty { try visit("bias", &bias[0]) }
    }
}

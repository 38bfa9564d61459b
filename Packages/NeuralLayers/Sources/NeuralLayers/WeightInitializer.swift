import Randomness
import Tensors

/// How weights start.
public enum WeightInitializer: Sendable, Hashable {
    /// PyTorch's default for linear and convolution layers: weights and biases uniform in ±1/√fanIn.
    case torchDefault
    /// Uniform in ±√(6/fanIn), biases 0 (He et al. 2015).
    case kaimingUniform
    /// Normal with variance 2/fanIn, biases 0 (He et al. 2015).
    case kaimingNormal
    /// Uniform in ±√(6/(fanIn + fanOut)), biases 0 (Glorot and Bengio 2010).
    case xavierUniform
    /// Normal with variance 2/(fanIn + fanOut), biases 0 (Glorot and Bengio 2010).
    case xavierNormal

    /// Draws a weight of a shape; `fanIn` inputs reach an output, `fanOut` outputs an input.
    public func weight(
        _ shape: Shape, fanIn: Int, fanOut: Int, using random: inout RandomGenerator,
        elementType: ElementType = .float32
    ) -> Tensor {
        func uniform(_ bound: Double) -> Tensor {
            random.uniform(shape, from: -bound, to: bound, elementType: elementType)
        }
        func normal(_ variance: Double) -> Tensor {
            random.normal(shape, deviation: variance.squareRoot(), elementType: elementType)
        }
        switch self {
        case .torchDefault: return uniform(1 / Double(fanIn).squareRoot())
        case .kaimingUniform: return uniform((6 / Double(fanIn)).squareRoot())
        case .kaimingNormal: return normal(2 / Double(fanIn))
        case .xavierUniform: return uniform((6 / Double(fanIn + fanOut)).squareRoot())
        case .xavierNormal: return normal(2 / Double(fanIn + fanOut))
        }
    }

    /// Draws a bias of a shape; `fanIn` inputs reach an output.
    public func bias(
        _ shape: Shape, fanIn: Int, using random: inout RandomGenerator, elementType: ElementType = .float32
    ) -> Tensor {
        guard self == .torchDefault else {
            return Tensor([Double](repeating: 0, count: shape.count), shape: shape).converted(to: elementType)
                .evaluated()
        }
        let bound = 1 / Double(fanIn).squareRoot()
        return random.uniform(shape, from: -bound, to: bound, elementType: elementType)
    }
}

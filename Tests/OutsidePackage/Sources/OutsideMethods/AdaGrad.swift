import BilevelOptimization
import Tensors

/// s ← s + g², v ← v - rate · g/√(s + epsilon) (Duchi et al. 2011). Under the root epsilon keeps second derivatives
/// finite at a zero gradient, so that the rule may also step a lower level.
public struct AdaGrad: GradientRule {
    public let rate: Double, epsilon: Double

    public init(rate: Double, epsilon: Double = 1e-10) { (self.rate, self.epsilon) = (rate, epsilon) }

    public func initialState(for variable: [Tensor]) -> [Tensor] {
        variable.map { .zeros($0.shape, elementType: $0.elementType) }
    }

    public func step(
        _ variable: [Tensor], gradient: [Tensor], state: [Tensor]
    ) -> (variable: [Tensor], state: [Tensor]) {
        let sums = zip(state, gradient).map { $0 + $1.squared() }
        let moved = variable.indices.map { i in
            variable[i] - gradient[i] / (sums[i] + epsilon).sqrt() * rate
        }
        return (moved, sums)
    }
}

extension UpdateRule {
    public static func adaGrad(rate: Double) -> UpdateRule { UpdateRule(AdaGrad(rate: rate)) }
}

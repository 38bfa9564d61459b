import Foundation
import Tensors

/// How a variable moves along a gradient: a pure map (variable, gradient, state) to (variable, state).
///
/// The same rule steps the upper level and, compiled and differentiated, is a lower-level dynamics.
public enum UpdateRule: Sendable, Hashable {
    /// v - rate · g.
    case gradientDescent(rate: Double)
    /// m ← coefficient · m + g, v - rate · m (Polyak 1964, as in PyTorch).
    case momentum(rate: Double, coefficient: Double = 0.9)
    /// m ← coefficient · m + g, v - rate · (g + coefficient · m) (Nesterov 1983 in the form of Sutskever et al. 2013).
    case nesterov(rate: Double, coefficient: Double = 0.9)
    /// Kingma and Ba 2015. `epsilonInside` is added under the square root: with it, second derivatives at a zero
    /// gradient are finite.
    case adam(
        rate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, epsilonInside: Double = 0)

    public var rate: Double {
        switch self {
        case .gradientDescent(let rate), .momentum(let rate, _), .nesterov(let rate, _), .adam(let rate, _, _, _, _):
            rate
        }
    }

    /// Whether it carries a velocity, and nothing else.
    var hasVelocity: Bool {
        switch self {
        case .momentum, .nesterov: true
        case .gradientDescent, .adam: false
        }
    }

    /// Zeros: velocities, moments, and Adam's powers of its betas as two scalars that start at 1.
    public func initialState(for variable: [Tensor]) -> [Tensor] {
        let zeros = variable.map { Tensor.zeros($0.shape, elementType: $0.elementType) }
        switch self {
        case .gradientDescent: return []
        case .momentum, .nesterov: return zeros
        case .adam:
            let one = Tensor(1, elementType: variable.first?.elementType ?? .float32)
            return zeros + zeros + [one, one]
        }
    }

    public func step(_ variable: [Tensor], gradient: [Tensor], state: [Tensor]) -> (variable: [Tensor], state: [Tensor])
    {
        switch self {
        case .gradientDescent(let rate):
            return (zip(variable, gradient).map { $0 - $1 * rate }, [])
        case .momentum(let rate, let coefficient):
            let velocity = zip(state, gradient).map { $0 * coefficient + $1 }
            return (zip(variable, velocity).map { $0 - $1 * rate }, velocity)
        case .nesterov(let rate, let coefficient):
            let velocity = zip(state, gradient).map { $0 * coefficient + $1 }
            let ahead = zip(gradient, velocity).map { $0 + $1 * coefficient }
            return (zip(variable, ahead).map { $0 - $1 * rate }, velocity)
        case .adam(let rate, let beta1, let beta2, let epsilon, let epsilonInside):
            let n = variable.count
            let first = zip(state[..<n], gradient).map { $0 * beta1 + $1 * (1 - beta1) }
            let second = zip(state[n..<(2 * n)], gradient).map { $0 * beta2 + $1.squared() * (1 - beta2) }
            let power1 = state[2 * n] * beta1, power2 = state[2 * n + 1] * beta2
            let moved = (0..<n).map { i in
                let mean = first[i] / (1 - power1), variance = second[i] / (1 - power2)
                return variable[i] - mean / ((variance + epsilonInside).sqrt() + epsilon) * rate
            }
            return (moved, first + second + [power1, power2])
        }
    }
}

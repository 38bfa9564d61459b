import Tensors

/// An elementwise function between layers.
public enum Activation: String, Sendable, CaseIterable {
    case identity, relu, tanh, sigmoid, softplus, gelu

    /// Whether it never falls.
    var isMonotone: Bool { self != .gelu }

    /// Element by element, of any shape.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        switch self {
        case .identity: input
        case .relu: input.relu()
        case .tanh: input.tanh()
        case .sigmoid: input.sigmoid()
        case .softplus: input.softplus()
        case .gelu: input.gelu()
        }
    }
}

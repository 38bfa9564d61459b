import Tensors

/// v - rate · g.
public struct GradientDescent: GradientRule {
    /// The step size.
    public let rate: Double
    public var description: String { "gradient descent" }
    public var isAutonomous: Bool { true }
    public var restsWhereGradientVanishes: Bool { true }
    public var isGradientDescent: Bool { true }

    public func step(_ variable: [Tensor], gradient: [Tensor], state: [Tensor]) -> (variable: [Tensor], state: [Tensor])
    {
        (zip(variable, gradient).map { $0 - $1 * rate }, [])
    }
}

extension UpdateRule {
    /// v - rate · g.
    public static func gradientDescent(rate: Double) -> UpdateRule { UpdateRule(GradientDescent(rate: rate)) }
}

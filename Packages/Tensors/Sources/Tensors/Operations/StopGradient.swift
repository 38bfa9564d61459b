/// The identity, whose derivative is zero.
struct StopGradient: Operation {
    var name: String { "stopGradient" }
}

extension Tensor {
    /// The same value, taken as a constant by every derivative.
    public func stopGradient() -> Tensor { Tensor(StopGradient(), [self], shape: shape, elementType: elementType) }
}

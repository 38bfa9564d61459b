/// The type of a tensor's elements.
///
/// `float32` is the default; gradient checks and the numerical examples use `float64`;
/// `int32` holds labels and indices and has no derivative.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
    /// As NumPy names them.
    case float32, float64, int32

    /// Bytes of one element.
    public var byteCount: Int { self == .float64 ? 8 : 4 }

    /// Whether derivatives are taken of it.
    public var isFloatingPoint: Bool { self != .int32 }
}

/// A Swift number that can be an element of a tensor.
public protocol TensorScalar: Sendable {
    static var elementType: ElementType { get }
}

extension Float: TensorScalar { public static var elementType: ElementType { .float32 } }
extension Double: TensorScalar { public static var elementType: ElementType { .float64 } }
extension Int32: TensorScalar { public static var elementType: ElementType { .int32 } }

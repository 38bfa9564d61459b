/// Elementwise operations. All operands have the result's shape; the public operators insert the broadcasts.
/// A comparison's result is 1 or 0 in the operands' type: a mask that multiplies.
struct Elementwise: Operation {
    /// The raw value is the opcode of the fused kernel (`CTensorKernels/include/kernels.h`).
    enum Function: Int32, CaseIterable, Sendable {
        case negate, absolute, sign, exp, log, sqrt, reciprocal, sin, cos, tanh, sigmoid, softplus, erf, relu, step
        case add, subtract, multiply, divide, power, maximum, minimum, less, lessOrEqual, equal
        case select

        var operandCount: Int { rawValue < Function.add.rawValue ? 1 : rawValue < Function.select.rawValue ? 2 : 3 }
    }

    let function: Function
    var name: String { "\(function)" }

    func adjoint(of y: Tensor, operand index: Int, cotangent v: Tensor) -> Tensor? {
        let x = y.operands[0]
        switch function {
        case .negate: return -v
        case .absolute: return v * x.sign()  // 0 at 0
        case .exp: return v * y
        case .log: return v / x
        case .sqrt: return v * 0.5 / y  // +Inf at 0
        case .reciprocal: return -(v * y * y)
        case .sin: return v * x.cos()
        case .cos: return -(v * x.sin())
        case .tanh: return v * (1 - y * y)
        case .sigmoid: return v * (y * (1 - y))
        case .softplus: return v * x.sigmoid()
        case .erf: return v * (2 / Double.pi.squareRoot()) * (-(x * x)).exp()
        case .relu: return v * y.step()  // 0 at 0, as PyTorch; from y, which others need too
        case .sign, .step, .less, .lessOrEqual, .equal: return nil
        case .add: return v
        case .subtract: return index == 0 ? v : -v
        case .multiply: return v * y.operands[1 - index]
        case .divide: return index == 0 ? v / y.operands[1] : -(v * y / y.operands[1])
        case .power:
            let exponent = y.operands[1]
            if index == 0 { return v * (exponent * x.power(exponent - 1)) }
            // d(xᵉ)/de = xᵉ log x, which is 0 at x = 0 (log alone would give NaN there).
            return v * (y * select(x.equal(0), Tensor(0, elementType: x.elementType), x.log()))
        // At a tie the first operand takes the whole cotangent.
        case .maximum: return v * (index == 0 ? y.operands[1].lessOrEqual(x) : x.less(y.operands[1]))
        case .minimum: return v * (index == 0 ? x.lessOrEqual(y.operands[1]) : y.operands[1].less(x))
        case .select:
            if index == 0 { return nil }
            let zero = Tensor(0, elementType: v.elementType)
            return index == 1 ? select(x, v, zero) : select(x, zero, v)
        }
    }
}

extension Tensor {
    init(elementwise function: Elementwise.Function, _ operands: [Tensor]) {
        let type = operands[0].elementType
        var shape = operands[0].shape
        for operand in operands.dropFirst() {
            guard let common = shape.broadcast(with: operand.shape), operand.elementType == type else {
                preconditionFailure("\(function): operands \(operands.map { "\($0.shape) \($0.elementType)" })")
            }
            shape = common
        }
        precondition(type.isFloatingPoint, "\(function): needs a floating-point type, not \(type)")
        self.init(
            Elementwise(function: function), operands.map { $0.broadcast(to: shape) }, shape: shape, elementType: type)
    }

    private func fill(_ value: Double) -> Tensor { Tensor(value, elementType: elementType) }

    public static prefix func - (x: Tensor) -> Tensor { Tensor(elementwise: .negate, [x]) }
    public static func + (x: Tensor, y: Tensor) -> Tensor { Tensor(elementwise: .add, [x, y]) }
    public static func - (x: Tensor, y: Tensor) -> Tensor { Tensor(elementwise: .subtract, [x, y]) }
    public static func * (x: Tensor, y: Tensor) -> Tensor { Tensor(elementwise: .multiply, [x, y]) }
    public static func / (x: Tensor, y: Tensor) -> Tensor { Tensor(elementwise: .divide, [x, y]) }
    public static func + (x: Tensor, y: Double) -> Tensor { x + x.fill(y) }
    public static func - (x: Tensor, y: Double) -> Tensor { x - x.fill(y) }
    public static func * (x: Tensor, y: Double) -> Tensor { x * x.fill(y) }
    public static func / (x: Tensor, y: Double) -> Tensor { x * x.fill(1 / y) }
    public static func + (x: Double, y: Tensor) -> Tensor { y.fill(x) + y }
    public static func - (x: Double, y: Tensor) -> Tensor { y.fill(x) - y }
    public static func * (x: Double, y: Tensor) -> Tensor { y.fill(x) * y }
    public static func / (x: Double, y: Tensor) -> Tensor { y.fill(x) / y }

    public func exp() -> Tensor { Tensor(elementwise: .exp, [self]) }
    public func log() -> Tensor { Tensor(elementwise: .log, [self]) }
    public func sqrt() -> Tensor { Tensor(elementwise: .sqrt, [self]) }
    public func reciprocal() -> Tensor { Tensor(elementwise: .reciprocal, [self]) }
    public func sin() -> Tensor { Tensor(elementwise: .sin, [self]) }
    public func cos() -> Tensor { Tensor(elementwise: .cos, [self]) }
    public func tanh() -> Tensor { Tensor(elementwise: .tanh, [self]) }
    /// 1 / (1 + e⁻ˣ).
    public func sigmoid() -> Tensor { Tensor(elementwise: .sigmoid, [self]) }
    /// log(1 + eˣ), without overflow.
    public func softplus() -> Tensor { Tensor(elementwise: .softplus, [self]) }
    /// The error function.
    public func erf() -> Tensor { Tensor(elementwise: .erf, [self]) }
    /// max(x, 0); its derivative at 0 is 0.
    public func relu() -> Tensor { Tensor(elementwise: .relu, [self]) }
    /// x · Φ(x), Φ the standard normal distribution function (Hendrycks and Gimpel 2016, exact form).
    public func gelu() -> Tensor { self * (0.5 * (1 + (self * 0.5.squareRoot()).erf())) }
    public func abs() -> Tensor { Tensor(elementwise: .absolute, [self]) }
    /// -1, 0 or 1.
    public func sign() -> Tensor { Tensor(elementwise: .sign, [self]) }
    /// 1 where x > 0, else 0.
    public func step() -> Tensor { Tensor(elementwise: .step, [self]) }
    public func squared() -> Tensor { self * self }
    public func power(_ exponent: Tensor) -> Tensor { Tensor(elementwise: .power, [self, exponent]) }
    public func power(_ exponent: Double) -> Tensor { power(fill(exponent)) }
    /// The larger of both; at a tie the derivative belongs to the first.
    public func maximum(_ other: Tensor) -> Tensor { Tensor(elementwise: .maximum, [self, other]) }
    public func minimum(_ other: Tensor) -> Tensor { Tensor(elementwise: .minimum, [self, other]) }
    public func maximum(_ other: Double) -> Tensor { maximum(fill(other)) }
    public func minimum(_ other: Double) -> Tensor { minimum(fill(other)) }
    /// Each element moved into [lower, upper]; the derivative is 1 inside and on the bounds, 0 outside.
    public func clamp(_ lower: Double, _ upper: Double) -> Tensor { maximum(lower).minimum(upper) }
    public func less(_ other: Tensor) -> Tensor { Tensor(elementwise: .less, [self, other]) }
    public func less(_ other: Double) -> Tensor { less(fill(other)) }
    public func lessOrEqual(_ other: Tensor) -> Tensor { Tensor(elementwise: .lessOrEqual, [self, other]) }
    public func lessOrEqual(_ other: Double) -> Tensor { lessOrEqual(fill(other)) }
    public func greater(_ other: Tensor) -> Tensor { other.less(self) }
    public func greaterOrEqual(_ other: Tensor) -> Tensor { other.lessOrEqual(self) }
    public func equal(_ other: Tensor) -> Tensor { Tensor(elementwise: .equal, [self, other]) }
    public func equal(_ other: Double) -> Tensor { equal(fill(other)) }
}

/// Elements of `a` where `condition` is not 0, of `b` elsewhere.
public func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    Tensor(elementwise: .select, [condition, a, b])
}

/// Elementwise operations. All operands have the result's shape; the public operators insert the broadcasts.
/// A comparison's result is 1 or 0 in the operands' type: a mask that multiplies.
struct Elementwise: Operation {
    /// The raw value is the opcode of the fused kernel (`CTensorKernels/include/kernels.h`).
    enum Function: Int32, CaseIterable, Sendable {
        case negate, absolute, sign, exp, log, sqrt, reciprocal, sin, cos, tanh, sigmoid, softplus, erf, relu, step,
            log1p,
            expm1
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
        case .log1p: return v / (1 + x)
        case .expm1: return v * x.exp()
        case .erf: return v * (2 / Double.pi.squareRoot()) * (-(x * x)).exp()
        case .relu: return v.where(y.step())  // 0 at 0, as PyTorch; from y, which others need too
        case .sign, .step, .less, .lessOrEqual, .equal: return nil
        case .add: return v
        case .subtract: return index == 0 ? v : -v
        case .multiply: return v * y.operands[1 - index]
        case .divide: return index == 0 ? v / y.operands[1] : -(v * y / y.operands[1])
        case .power:
            let exponent = y.operands[1], zero = Tensor(0, elementType: x.elementType)
            // e xᵉ⁻¹, where e - 1 is replaced by 0 if x and e are 0: 0 · 0⁻¹ would not be a number.
            if index == 0 {
                let isConstant = x.equal(0) * exponent.equal(0)
                return v * select(isConstant, zero, exponent * x.power(select(isConstant, zero, exponent - 1)))
            }
            // d(xᵉ)/de = xᵉ log x, which is 0 at x = 0 where e ≥ 0: there log x is replaced by log 1, so that no
            // infinity enters this derivative's own derivatives either.
            let isZero = x.equal(0) * exponent.greaterOrEqual(0)
            return v * (y * select(isZero, Tensor(1, elementType: x.elementType), x).log())
        // At a tie the first operand takes the whole cotangent.
        case .maximum: return v.where(index == 0 ? y.operands[1].lessOrEqual(x) : x.less(y.operands[1]))
        case .minimum: return v.where(index == 0 ? x.lessOrEqual(y.operands[1]) : y.operands[1].less(x))
        case .select:
            if index == 0 { return nil }
            return index == 1 ? v.where(x) : select(x, Tensor(0, elementType: v.elementType), v)
        }
    }
}

extension Tensor {
    /// A cotangent where `mask` is not 0, and 0 elsewhere. Chosen, not multiplied: what flows into a branch that was
    /// not taken may be infinite, and 0 · ∞ is not a number.
    func `where`(_ mask: Tensor) -> Tensor { select(mask, self, Tensor(0, elementType: elementType)) }
}

extension Tensor {
    /// - Parameter place: of the caller, where it is known.
    init(elementwise function: Elementwise.Function, _ operands: [Tensor], at place: Place? = nil) {
        let type = operands[0].elementType
        var shape = operands[0].shape
        for operand in operands.dropFirst() {
            guard let common = shape.broadcast(with: operand.shape), operand.elementType == type else {
                stop(
                    "\(function): operands "
                        + operands.map { "\($0.shape) \($0.elementType)" }.joined(separator: " and ")
                        + (operand.elementType == type ? "" : "; `converted(to:)` makes them one type"), at: place)
            }
            shape = common
        }
        require(
            type.isFloatingPoint, "\(function): of \(shape) \(type), a floating-point type is needed", at: place)
        self.init(
            Elementwise(function: function), operands.map { $0.broadcast(to: shape) }, shape: shape, elementType: type)
    }

    fileprivate func fill(_ value: Double) -> Tensor { Tensor(value, elementType: elementType) }
}

/// Operators have no default arguments: what they refuse is named without the caller's place.
extension Tensor {
    /// -x.
    public static prefix func - (x: Tensor) -> Tensor { Tensor(elementwise: .negate, [x]) }
    /// x + y, broadcast together; both have one type.
    public static func + (x: Tensor, y: Tensor) -> Tensor { Tensor(elementwise: .add, [x, y]) }
    /// x - y, broadcast together; both have one type.
    public static func - (x: Tensor, y: Tensor) -> Tensor { Tensor(elementwise: .subtract, [x, y]) }
    /// x · y element by element, broadcast together; both have one type.
    public static func * (x: Tensor, y: Tensor) -> Tensor { Tensor(elementwise: .multiply, [x, y]) }
    /// x / y element by element, broadcast together; both have one type.
    public static func / (x: Tensor, y: Tensor) -> Tensor { Tensor(elementwise: .divide, [x, y]) }
    /// x + y, y taken as x's type.
    public static func + (x: Tensor, y: Double) -> Tensor { x + x.fill(y) }
    /// x - y, y taken as x's type.
    public static func - (x: Tensor, y: Double) -> Tensor { x - x.fill(y) }
    /// x · y, y taken as x's type.
    public static func * (x: Tensor, y: Double) -> Tensor { x * x.fill(y) }
    /// x / y, y taken as x's type.
    public static func / (x: Tensor, y: Double) -> Tensor { x / x.fill(y) }
    /// x + y, x taken as y's type.
    public static func + (x: Double, y: Tensor) -> Tensor { y.fill(x) + y }
    /// x - y, x taken as y's type.
    public static func - (x: Double, y: Tensor) -> Tensor { y.fill(x) - y }
    /// x · y, x taken as y's type.
    public static func * (x: Double, y: Tensor) -> Tensor { y.fill(x) * y }
    /// x / y, x taken as y's type.
    public static func / (x: Double, y: Tensor) -> Tensor { y.fill(x) / y }
}

extension Tensor {
    /// eˣ.
    public func exp(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .exp, [self], at: Place(file: file, line: line))
    }
    /// The natural logarithm: -∞ at 0, not a number below.
    public func log(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .log, [self], at: Place(file: file, line: line))
    }
    /// log(1 + x), to full precision where x is small.
    public func log1p(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .log1p, [self], at: Place(file: file, line: line))
    }
    /// eˣ - 1, to full precision where x is small.
    public func expm1(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .expm1, [self], at: Place(file: file, line: line))
    }
    /// √x; its derivative is +∞ at 0.
    public func sqrt(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .sqrt, [self], at: Place(file: file, line: line))
    }
    /// 1 / x.
    public func reciprocal(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .reciprocal, [self], at: Place(file: file, line: line))
    }
    /// sin x, x in radians.
    public func sin(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .sin, [self], at: Place(file: file, line: line))
    }
    /// cos x, x in radians.
    public func cos(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .cos, [self], at: Place(file: file, line: line))
    }
    /// tanh x.
    public func tanh(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .tanh, [self], at: Place(file: file, line: line))
    }
    /// 1 / (1 + e⁻ˣ).
    public func sigmoid(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .sigmoid, [self], at: Place(file: file, line: line))
    }
    /// log(1 + eˣ), without overflow.
    public func softplus(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .softplus, [self], at: Place(file: file, line: line))
    }
    /// The error function.
    public func erf(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .erf, [self], at: Place(file: file, line: line))
    }
    /// max(x, 0); its derivative at 0 is 0.
    public func relu(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .relu, [self], at: Place(file: file, line: line))
    }
    /// x · Φ(x), Φ the standard normal distribution function (Hendrycks and Gimpel 2016, exact form).
    public func gelu(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        self * (0.5 * (1 + (self * 0.5.squareRoot()).erf(file: file, line: line)))
    }
    /// The absolute value; its derivative is 0 at 0.
    public func abs(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .absolute, [self], at: Place(file: file, line: line))
    }
    /// -1, 0 or 1.
    public func sign(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .sign, [self], at: Place(file: file, line: line))
    }
    /// 1 where x > 0, else 0.
    public func step(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .step, [self], at: Place(file: file, line: line))
    }
    /// 1 where x is a finite number, 0 where it is infinite or not a number.
    public func isFinite(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        abs(file: file, line: line).less(.infinity, file: file, line: line)
    }
    /// x².
    public func squared() -> Tensor { self * self }
}

extension Tensor {
    /// xᵉ; its derivative with respect to e is taken as 0 where x is 0 and e is not negative.
    public func power(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .power, [self, other], at: Place(file: file, line: line))
    }
    /// xᵉ with one exponent.
    public func power(_ other: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        power(fill(other), file: file, line: line)
    }
    /// The larger of both; at a tie the derivative belongs to the first.
    public func maximum(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .maximum, [self, other], at: Place(file: file, line: line))
    }
    /// The larger of an element and a number; at a tie the derivative is the element's.
    public func maximum(_ other: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        maximum(fill(other), file: file, line: line)
    }
    /// The smaller of two, broadcast together; at a tie the derivative is this one's.
    public func minimum(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .minimum, [self, other], at: Place(file: file, line: line))
    }
    /// The smaller of an element and a number; at a tie the derivative is the element's.
    public func minimum(_ other: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        minimum(fill(other), file: file, line: line)
    }
    /// Each element moved into [lower, upper]; the derivative is 1 inside and on the bounds, 0 outside.
    public func clamp(_ lower: Double, _ upper: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        maximum(lower, file: file, line: line).minimum(upper, file: file, line: line)
    }
    /// 1 where the comparison holds, else 0; so the other ones.
    public func less(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .less, [self, other], at: Place(file: file, line: line))
    }
    /// 1 where an element is less, else 0.
    public func less(_ other: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        less(fill(other), file: file, line: line)
    }
    /// 1 where this one is less or equal, else 0; broadcast together.
    public func lessOrEqual(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .lessOrEqual, [self, other], at: Place(file: file, line: line))
    }
    /// 1 where an element is less or equal, else 0.
    public func lessOrEqual(_ other: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        lessOrEqual(fill(other), file: file, line: line)
    }
    /// 1 where this one is greater, else 0; broadcast together.
    public func greater(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        other.less(self, file: file, line: line)
    }
    /// 1 where an element is greater, else 0.
    public func greater(_ other: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        greater(fill(other), file: file, line: line)
    }
    /// 1 where this one is greater or equal, else 0; broadcast together.
    public func greaterOrEqual(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        other.lessOrEqual(self, file: file, line: line)
    }
    /// 1 where an element is greater or equal, else 0.
    public func greaterOrEqual(_ other: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        greaterOrEqual(fill(other), file: file, line: line)
    }
    /// 1 where both are equal, else 0; broadcast together.
    public func equal(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        Tensor(elementwise: .equal, [self, other], at: Place(file: file, line: line))
    }
    /// 1 where an element equals a number, else 0.
    public func equal(_ other: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        equal(fill(other), file: file, line: line)
    }
}

/// Elements of `a` where `condition` is not 0, of `b` elsewhere.
public func select(
    _ condition: Tensor, _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    Tensor(elementwise: .select, [condition, a, b], at: Place(file: file, line: line))
}

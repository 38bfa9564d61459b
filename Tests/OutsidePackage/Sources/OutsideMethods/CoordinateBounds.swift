import BilevelOptimization
import Tensors

/// Every coordinate of a variable of one tensor between bounds of its own.
public struct CoordinateBounds: ConvexSet {
    public let lower: [Double], upper: [Double]

    public init(lower: [Double], upper: [Double]) { (self.lower, self.upper) = (lower, upper) }

    public func projection(_ variable: [Tensor]) -> [Tensor] {
        variable.map { v in
            func bounds(_ values: [Double]) -> Tensor { Tensor(values, shape: v.shape).converted(to: v.elementType) }
            return v.maximum(bounds(lower)).minimum(bounds(upper))
        }
    }

    public var isCoordinatewise: Bool { true }
    public var description: String { "the box from \(lower) to \(upper)" }

    public func check(for variable: [Tensor], named name: String) throws(SolverError) {
        let counts = variable.map(\.count)
        guard counts == [lower.count], counts == [upper.count], zip(lower, upper).allSatisfy({ $0 <= $1 }) else {
            throw .outOfRange(
                name: "set of \(name)", expected: "for \(counts) coordinates as many bounds, the lower ones below",
                got: description, nearest: "one box for all coordinates")
        }
    }
}

import Tensors

/// Vector arithmetic on packed tensors, over their first `count` tensors; sums in float64. Enough for the adjoint
/// solvers.
extension PackedTensors {
    /// Σ v w.
    func dot(_ other: PackedTensors, _ count: Int? = nil) -> Double {
        var sum = 0.0
        forEachPair(other, count) {
            sum += $0 * $1
            return $0
        }
        return sum
    }

    /// v ← v + scale · w.
    func add(_ scale: Double, _ other: PackedTensors, _ count: Int? = nil) {
        forEachPair(other, count) { $0 + scale * $1 }
    }

    /// Tensor `index` of v ← itself + tensor `source` of w, of the same shape.
    func add(tensor index: Int, from other: PackedTensors, tensor source: Int) {
        let (shape, type) = layout.types[index]
        if type == .float64 {
            let v = address(index).assumingMemoryBound(to: Double.self),
                w = other.address(source).assumingMemoryBound(to: Double.self)
            for i in 0..<shape.count { v[i] += w[i] }
        } else {
            let v = address(index).assumingMemoryBound(to: Float.self),
                w = other.address(source).assumingMemoryBound(to: Float.self)
            for i in 0..<shape.count { v[i] += w[i] }
        }
    }

    /// v ← scale · v + w.
    func scaleThenAdd(_ scale: Double, _ other: PackedTensors, _ count: Int? = nil) {
        forEachPair(other, count) { scale * $0 + $1 }
    }

    /// v ← scale · v.
    func scale(_ scale: Double, _ count: Int? = nil) { forEachPair(self, count) { value, _ in value * scale } }

    /// Reads or writes the element with number `index`, counted over all tensors.
    subscript(element index: Int) -> Double {
        get {
            element(index) {
                $0.load(as: Double.self)
            } single: {
                Double($0.load(as: Float.self))
            }
        }
        set {
            element(index) {
                $0.storeBytes(of: newValue, as: Double.self)
            } single: {
                $0.storeBytes(of: Float(newValue), as: Float.self)
            }
        }
    }

    /// Elements of the first `count` tensors.
    func elementCount(_ count: Int? = nil) -> Int {
        layout.types[..<(count ?? self.count)].reduce(0) { $0 + $1.shape.count }
    }

    private func element<R>(
        _ index: Int, double: (UnsafeMutableRawPointer) -> R, single: (UnsafeMutableRawPointer) -> R
    ) -> R {
        var rest = index
        for (tensor, (shape, type)) in layout.types.enumerated() {
            if rest < shape.count {
                return type == .float64 ? double(address(tensor) + 8 * rest) : single(address(tensor) + 4 * rest)
            }
            rest -= shape.count
        }
        preconditionFailure("element \(index) of \(elementCount())")
    }

    @inline(__always)
    private func forEachPair(_ other: PackedTensors, _ count: Int?, _ combine: (Double, Double) -> Double) {
        for tensor in 0..<(count ?? self.count) {
            let (shape, type) = layout.types[tensor]
            if type == .float64 {
                let v = address(tensor).assumingMemoryBound(to: Double.self),
                    w = other.address(tensor).assumingMemoryBound(to: Double.self)
                for i in 0..<shape.count { v[i] = combine(v[i], w[i]) }
            } else {
                let v = address(tensor).assumingMemoryBound(to: Float.self),
                    w = other.address(tensor).assumingMemoryBound(to: Float.self)
                for i in 0..<shape.count { v[i] = Float(combine(Double(v[i]), Double(w[i]))) }
            }
        }
    }
}

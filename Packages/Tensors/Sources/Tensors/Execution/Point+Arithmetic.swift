/// Vector arithmetic on points, in place; sums in float64. Enough for hypergradients and their linear solvers.
extension Point {
    /// Σ v w.
    public func dot(_ other: Point, file: StaticString = #fileID, line: UInt = #line) -> Double {
        var sum = 0.0
        forEachPair(other, file, line) {
            sum += $0 * $1
            return $0
        }
        return sum
    }

    /// v ← v + scale · w.
    public func add(_ scale: Double, _ other: Point, file: StaticString = #fileID, line: UInt = #line) {
        forEachPair(other, file, line) { $0 + scale * $1 }
    }

    /// v ← v + w, in the elements' own precision.
    public func accumulate(_ other: Point, file: StaticString = #fileID, line: UInt = #line) {
        check(other, file, line)
        for (index, (shape, type)) in layout.types.enumerated() {
            if type == .float64 {
                let v = address(index).assumingMemoryBound(to: Double.self)
                let w = other.address(index).assumingMemoryBound(to: Double.self)
                for i in 0..<shape.count { v[i] += w[i] }
            } else {
                let v = address(index).assumingMemoryBound(to: Float.self)
                let w = other.address(index).assumingMemoryBound(to: Float.self)
                for i in 0..<shape.count { v[i] += w[i] }
            }
        }
    }

    /// v ← scale · v + w.
    public func scaleThenAdd(_ scale: Double, _ other: Point, file: StaticString = #fileID, line: UInt = #line) {
        forEachPair(other, file, line) { scale * $0 + $1 }
    }

    /// v ← scale · v.
    public func scale(_ scale: Double) { forEachPair(self, #fileID, #line) { value, _ in value * scale } }

    /// Σ v².
    public func squaredNorm() -> Double { sumOfSquares(minus: nil) }

    /// √Σ v².
    public func norm() -> Double { squaredNorm().squareRoot() }

    /// Σ (v - w)².
    public func squaredDistance(from other: Point, file: StaticString = #fileID, line: UInt = #line) -> Double {
        check(other, file, line)
        return sumOfSquares(minus: other)
    }

    /// Reads or writes the element with number `index`, counted over all tensors.
    public subscript(element index: Int) -> Double {
        get {
            let (address, type) = place(ofElement: index)
            return type == .float64 ? address.load(as: Double.self) : Double(address.load(as: Float.self))
        }
        set {
            let (address, type) = place(ofElement: index)
            if type == .float64 {
                address.storeBytes(of: newValue, as: Double.self)
            } else {
                address.storeBytes(of: Float(newValue), as: Float.self)
            }
        }
    }

    private func place(ofElement index: Int) -> (UnsafeMutableRawPointer, ElementType) {
        var rest = index
        for (tensor, (shape, type)) in layout.types.enumerated() {
            if rest < shape.count { return (address(tensor) + type.byteCount * rest, type) }
            rest -= shape.count
        }
        stop("point: element \(index) of \(layout.elementCount)")
    }

    private func check(_ other: Point, _ file: StaticString, _ line: UInt) {
        require(
            other.layout == layout, "point: tensors \(layout) expected, got \(other.layout)", file: file, line: line)
    }

    @inline(__always)
    private func forEachPair(
        _ other: Point, _ file: StaticString, _ line: UInt, _ combine: (Double, Double) -> Double
    ) {
        check(other, file, line)
        for (tensor, (shape, type)) in layout.types.enumerated() {
            if type == .float64 {
                let v = address(tensor).assumingMemoryBound(to: Double.self)
                let w = other.address(tensor).assumingMemoryBound(to: Double.self)
                for i in 0..<shape.count { v[i] = combine(v[i], w[i]) }
            } else {
                let v = address(tensor).assumingMemoryBound(to: Float.self)
                let w = other.address(tensor).assumingMemoryBound(to: Float.self)
                for i in 0..<shape.count { v[i] = Float(combine(Double(v[i]), Double(w[i]))) }
            }
        }
    }

    private func sumOfSquares(minus other: Point?) -> Double {
        layout.types.enumerated().reduce(0) { total, entry in
            let (i, type) = entry, count = type.shape.count
            return total
                + (type.elementType == .float64
                    ? squares(address(i).assumingMemoryBound(to: Double.self), other?.pointer(i), count)
                    : squares(address(i).assumingMemoryBound(to: Float.self), other?.pointer(i), count))
        }
    }

    private func pointer<T>(_ index: Int) -> UnsafePointer<T> {
        UnsafePointer(address(index).assumingMemoryBound(to: T.self))
    }
}

/// Eight running sums, so that additions need not wait for each other.
@inline(__always)
private func squares<T: BinaryFloatingPoint & SIMDScalar>(
    _ v: UnsafePointer<T>, _ w: UnsafePointer<T>?, _ count: Int
) -> Double {
    func square(_ i: Int) -> Double {
        let difference = Double(v[i]) - (w.map { Double($0[i]) } ?? 0)
        return difference * difference
    }
    var sums = SIMD8<Double>(), i = 0
    while i + 8 <= count {
        for lane in 0..<8 { sums[lane] += square(i + lane) }
        i += 8
    }
    var total = sums.sum()
    while i < count {
        total += square(i)
        i += 1
    }
    return total
}

import Tensors

/// Tensors of fixed shapes side by side in one block of memory: a point that programs read and write in place.
final class PackedTensors {
    struct Layout: Sendable {
        let types: [(shape: Shape, elementType: ElementType)]
        let offsets: [Int]
        let byteCount: Int

        init(of tensors: [Tensor]) {
            types = tensors.map { ($0.shape, $0.elementType) }
            var offsets: [Int] = [], next = 0
            for tensor in tensors {
                offsets.append(next)
                next += (tensor.count * tensor.elementType.byteCount + 127) & ~63
            }
            self.offsets = offsets
            byteCount = next
        }
    }

    let layout: Layout
    let storage: Storage

    init(_ layout: Layout) {
        self.layout = layout
        storage = Storage(byteCount: layout.byteCount)
    }

    convenience init(copying tensors: [Tensor]) {
        self.init(Layout(of: tensors))
        assign(tensors)
    }

    var count: Int { layout.offsets.count }

    func address(_ index: Int) -> UnsafeMutableRawPointer { storage.address + layout.offsets[index] }

    /// Copies values in, from tensor `first` on.
    func assign(_ tensors: [Tensor], from first: Int = 0) {
        for (i, tensor) in tensors.enumerated() {
            let source = tensor.storage
            withExtendedLifetime(source) {
                address(first + i).copyMemory(
                    from: source.address, byteCount: tensor.count * tensor.elementType.byteCount)
            }
        }
    }

    func copy(from other: PackedTensors, count: Int? = nil) {
        let bytes = count.map { $0 == self.count ? layout.byteCount : layout.offsets[$0] } ?? layout.byteCount
        storage.address.copyMemory(from: other.storage.address, byteCount: bytes)
    }

    /// All of another's tensors, in from tensor `first` on.
    func copy(from other: PackedTensors, to first: Int) {
        for i in 0..<other.count {
            let (shape, type) = other.layout.types[i]
            address(first + i).copyMemory(from: other.address(i), byteCount: shape.count * type.byteCount)
        }
    }

    func clear() { storage.address.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount) }

    /// Copies of the first `count` tensors, as leaves.
    func tensors(_ count: Int? = nil) -> [Tensor] {
        (0..<(count ?? self.count)).map { i in
            let (shape, type) = layout.types[i], bytes = shape.count * type.byteCount
            let copy = Storage(byteCount: bytes)
            copy.address.copyMemory(from: address(i), byteCount: bytes)
            return Tensor(storage: copy, shape: shape, elementType: type)
        }
    }

    /// Σ v² over the first `count` tensors, in float64.
    func squaredNorm(_ count: Int? = nil) -> Double { squaredDistance(from: nil, count) }

    /// Σ (v - w)² over the first `count` tensors, in float64; w = 0 where there is no other.
    func squaredDistance(from other: PackedTensors?, _ count: Int? = nil) -> Double {
        (0..<(count ?? self.count)).reduce(0) { total, i in
            let (shape, type) = layout.types[i]
            return total
                + (type == .float64
                    ? sumOfSquares(
                        address(i).assumingMemoryBound(to: Double.self),
                        other?.address(i).assumingMemoryBound(to: Double.self), shape.count)
                    : sumOfSquares(
                        address(i).assumingMemoryBound(to: Float.self),
                        other?.address(i).assumingMemoryBound(to: Float.self), shape.count))
        }
    }
}

/// Eight running sums, so that additions need not wait for each other.
@inline(__always)
private func sumOfSquares<T: BinaryFloatingPoint & SIMDScalar>(
    _ v: UnsafePointer<T>, _ w: UnsafePointer<T>?, _ count: Int
) -> Double {
    var sums = SIMD8<Double>(), i = 0
    while i + 8 <= count {
        for lane in 0..<8 { sums[lane] += square(v, w, i + lane) }
        i += 8
    }
    var total = sums.sum()
    while i < count {
        total += square(v, w, i)
        i += 1
    }
    return total
}

@inline(__always)
private func square<T: BinaryFloatingPoint & SIMDScalar>(_ v: UnsafePointer<T>, _ w: UnsafePointer<T>?, _ i: Int)
    -> Double
{
    let difference = Double(v[i]) - (w.map { Double($0[i]) } ?? 0)
    return difference * difference
}

extension Workspace {
    /// Binds inputs from `first` on to the first `count` tensors of a block.
    func bind(inputs first: Int, to block: PackedTensors, count: Int? = nil) {
        for i in 0..<(count ?? block.count) { bind(input: first + i, to: block.address(i)) }
    }

    func bind(outputs first: Int, to block: PackedTensors, count: Int? = nil) {
        for i in 0..<(count ?? block.count) { bind(output: first + i, to: block.address(i)) }
    }
}

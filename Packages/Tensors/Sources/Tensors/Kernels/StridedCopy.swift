import CTensorKernels

/// Copies elements between two views of one shape.
struct StridedCopy: Sendable {
    private let from: View, to: View
    private let axes: [tensor_axis]

    init(from: View, to: View) {
        require(
            from.shape == to.shape && from.elementType.byteCount == to.elementType.byteCount,
            "copy: \(from.shape) to \(to.shape)")
        self.from = from
        self.to = to
        // Merge neighbouring axes that both views step through as one.
        var merged: [(extent: Int, from: Int, to: Int)] = []
        for axis in 0..<from.shape.rank where from.shape[axis] != 1 {
            if let last = merged.last, last.from == from.strides[axis] * from.shape[axis],
                last.to == to.strides[axis] * from.shape[axis]
            {
                merged[merged.count - 1] = (last.extent * from.shape[axis], from.strides[axis], to.strides[axis])
            } else {
                merged.append((from.shape[axis], from.strides[axis], to.strides[axis]))
            }
        }
        axes = merged.map { tensor_axis(extent: Int64($0.extent), from: Int64($0.from), to: Int64($0.to)) }
    }

    func callAsFunction(_ memory: Memory) {
        let source = memory.addresses[from.slot] + from.byteOffset, target = memory.addresses[to.slot] + to.byteOffset
        if from.elementType.byteCount == 8 {
            tensor_copy_64(Int32(axes.count), axes, source, target)
        } else {
            tensor_copy_32(Int32(axes.count), axes, source, target)
        }
    }
}

/// How a tensor lies in a buffer: element (i, j, …) is at offset + i·strides[0] + j·strides[1] + …, in elements.
/// `slot` is the buffer's place in the program's memory.
struct View: Sendable, Hashable {
    var slot: Int
    var offset: Int
    var shape: Shape
    var strides: [Int]
    let elementType: ElementType

    static func contiguous(slot: Int, shape: Shape, elementType: ElementType) -> View {
        View(slot: slot, offset: 0, shape: shape, strides: shape.strides, elementType: elementType)
    }

    var isContiguous: Bool {
        zip(zip(shape.extents, strides), shape.strides).allSatisfy { $0.0.0 <= 1 || $0.0.1 == $0.1 }
    }

    var byteOffset: Int { offset * elementType.byteCount }

    /// Of an axis; negative axes count from the last.
    func stride(_ axis: Int) -> Int { strides[axis < 0 ? strides.count + axis : axis] }
}

/// An array in NumPy's `.npy` format, as `numpy.save` writes it: features, labels.
///
/// Opening verifies the header against the file's length, so a shape that the file cannot hold never asks for memory.
/// The elements are converted when they are asked for, in row-major order whatever the file's order is; by rows, where
/// the whole would be too much.
public struct NPYFile: Sendable {
    /// Stands in errors; the file's path.
    public let name: String
    /// The extents, each at least 1; none for a single number.
    public let shape: [Int]
    /// Of the elements as they lie in the file.
    public let elementType: ElementType
    private let isFortranOrder: Bool
    private let content: Content
    /// Where the elements begin.
    private let start: Int

    private enum Content: Sendable {
        case file(MappedFile)
        case memory([UInt8])
    }

    /// Maps a file and reads its header, verified against its length.
    public init(path: String) throws(DatasetError) { try self.init(BytePath(path)) }

    /// Maps a file and reads its header, verified against its length.
    public init(_ path: BytePath) throws(DatasetError) {
        let file = try MappedFile(path)
        try self.init(
            .file(file), count: file.count, beginning: file[0..<min(file.count, NPYHeader.longest + 12)],
            name: file.path)
    }

    /// - Parameter name: stands in errors.
    public init(bytes: [UInt8], name: String) throws(DatasetError) {
        try self.init(
            .memory(bytes), count: bytes.count, beginning: Array(bytes.prefix(NPYHeader.longest + 12)), name: name)
    }

    private init(_ content: Content, count: Int, beginning: [UInt8], name: String) throws(DatasetError) {
        let header = try NPYHeader(beginning, name: name)
        (self.content, self.name, shape, start) = (content, name, header.shape, header.end)
        (elementType, isFortranOrder) = (header.elementType, header.isFortranOrder)
        try checkSize(count - start)
    }

    /// An array that lies row-major in a file of another format.
    /// - Parameter name: stands in errors.
    init(
        _ file: MappedFile, bytes: Range<Int>, shape: [Int], elementType: ElementType, name: String
    ) throws(DatasetError) {
        (content, self.name, self.shape, start) = (.file(file), name, shape, bytes.lowerBound)
        (self.elementType, isFortranOrder) = (elementType, false)
        try checkSize(bytes.count)
    }

    private func checkSize(_ found: Int) throws(DatasetError) {
        guard !shape.contains(0) else {
            throw .damaged(at: name, "an array with at least one element expected, got the shape \(shape)")
        }
        var bytes = elementType.stride, overflows = false
        for extent in shape {
            let product = bytes.multipliedReportingOverflow(by: extent)
            (bytes, overflows) = (product.partialValue, overflows || product.overflow)
        }
        guard !overflows, bytes == found else {
            let expected = overflows ? "more than 2^63" : "\(bytes)"
            throw .damaged(
                at: name,
                "\(expected) bytes of \(elementType) for the shape \(shape) expected behind the header, "
                    + "the file has \(found)")
        }
    }

    /// The first extent; 1 for a single number.
    public var rowCount: Int { shape.first ?? 1 }

    /// Elements of a row: the product of the other extents.
    public var rowSize: Int { shape.dropFirst().reduce(1, *) }

    /// Some rows' elements, row-major.
    /// - Parameter element: of the array's bytes, the place of the element, its row and where in the row it stands.
    func elements<Element>(
        rows: Range<Int>, _ element: (UnsafeRawBufferPointer, _ offset: Int, Position) throws(DatasetError) -> Element
    ) throws(DatasetError) -> [Element] {
        let stride = elementType.stride, rowSize = rowSize, rowCount = rowCount
        let columns = isFortranOrder ? fortranColumns : nil
        var elements: [Element] = []
        elements.reserveCapacity(rows.count * rowSize)
        try withElements { bytes throws(DatasetError) in
            for row in rows {
                for column in 0..<rowSize {
                    let index = columns.map { row + rowCount * $0[column] } ?? row * rowSize + column
                    elements.append(try element(bytes, index * stride, Position(row: row, column: column)))
                }
            }
        }
        return elements
    }

    private func withElements(
        _ body: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        switch content {
        case .file(let file):
            try file.withBytes(start..<file.count) { bytes throws(DatasetError) in try body(bytes) }
        case .memory(let bytes):
            try bytes.withUnsafeBytes { bytes in
                Result { () throws(DatasetError) in try body(UnsafeRawBufferPointer(rebasing: bytes[start...])) }
            }.get()
        }
    }

    /// Where an element stands: its row, and its place among the row's elements in row-major order.
    struct Position {
        let row: Int, column: Int
    }

    /// For the column-major order of Fortran: of each element of a row the place among the rows' elements as stored.
    private var fortranColumns: [Int] {
        let extents = Array(shape.dropFirst())
        return (0..<rowSize).map { column in
            var rest = column, digits: [Int] = []
            for extent in extents.reversed() {
                digits.append(rest % extent)
                rest /= extent
            }
            // digits: the last axis first.
            return zip(digits, extents.reversed()).reduce(0) { $0 * $1.1 + $1.0 }
        }
    }
}

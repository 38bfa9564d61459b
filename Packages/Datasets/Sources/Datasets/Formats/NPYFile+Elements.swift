extension NPYFile {
    /// All elements as float32, row-major: [rows x row size].
    ///
    /// Integers, truth values and float64 are rounded to the nearest; what is not finite, or not within float32, is an
    /// error that names its row.
    public func floats() throws(DatasetError) -> [Float] { try floats(rows: 0..<rowCount) }

    /// Some rows' elements as float32.
    public func floats(
        rows: Range<Int>, file: StaticString = #fileID, line: UInt = #line
    ) throws(DatasetError) -> [Float] {
        requireRows(rows, "floats", file, line)
        switch elementType {
        case .floating(bytes: 2):
            return try finite(rows) { Float(half: $0.loadUnaligned(fromByteOffset: $1, as: UInt16.self)) }
        case .floating(bytes: 4):
            return try finite(rows) { $0.loadUnaligned(fromByteOffset: $1, as: Float.self) }
        case .floating:
            return try elements(rows: rows) { bytes, offset, position throws(DatasetError) in
                let value = bytes.loadUnaligned(fromByteOffset: offset, as: Double.self)
                guard Float(value).isFinite else {
                    throw misfit("a finite number within float32", "\(value)", position)
                }
                return Float(value)
            }
        case .integer(bytes: 8, isSigned: false):
            return try elements(rows: rows) { bytes, offset, _ throws(DatasetError) in
                Float(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
        case .integer, .boolean:
            // Only those of the case above may be missing.
            return try elements(rows: rows) { bytes, offset, _ throws(DatasetError) in
                Float(integer(bytes, offset) ?? 0)
            }
        case .text: throw wrongType("numbers")
        }
    }

    /// All elements as integers, row-major. Floating-point numbers must be whole; truth values are 0 and 1.
    public func integers() throws(DatasetError) -> [Int] {
        if case .text = elementType { throw wrongType("integers") }
        return try elements(rows: 0..<rowCount) { bytes, offset, position throws(DatasetError) in
            if case .floating(let width) = elementType {
                let value =
                    switch width {
                    case 2: Double(Float(half: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
                    case 4: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Float.self))
                    default: bytes.loadUnaligned(fromByteOffset: offset, as: Double.self)
                    }
                guard let whole = Int(exactly: value) else { throw misfit("a whole number", "\(value)", position) }
                return whole
            }
            guard let value = integer(bytes, offset) else {
                throw misfit("an integer below 2^63", "a larger one", position)
            }
            return value
        }
    }

    /// All elements as text, row-major: names of classes. The zeros that fill an element up are left out.
    public func texts() throws(DatasetError) -> [String] {
        guard case .text(let length, let isUnicode) = elementType else { throw wrongType("text") }
        return try elements(rows: 0..<rowCount) { bytes, offset, position throws(DatasetError) in
            let text: String?
            if isUnicode {
                let codes = (0..<length).map {
                    bytes.loadUnaligned(fromByteOffset: offset + 4 * $0, as: UInt32.self)
                }
                text = String(validating: trimmed(codes), as: UTF32.self)
            } else {
                text = String(validating: trimmed(Array(bytes[offset..<(offset + length)])), as: UTF8.self)
            }
            guard let text else { throw misfit("text in Unicode", "other bytes", position) }
            return text
        }
    }

    private func finite(
        _ rows: Range<Int>, _ value: (UnsafeRawBufferPointer, _ offset: Int) -> Float
    ) throws(DatasetError) -> [Float] {
        try elements(rows: rows) { bytes, offset, position throws(DatasetError) in
            let value = value(bytes, offset)
            guard value.isFinite else { throw misfit("a finite number", "\(value)", position) }
            return value
        }
    }

    /// An integer or truth value; nil from 2^63.
    private func integer(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int? {
        switch elementType {
        case .integer(bytes: 1, isSigned: true): Int(Int8(bitPattern: bytes[offset]))
        case .integer(bytes: 1, isSigned: false): Int(bytes[offset])
        case .integer(bytes: 2, isSigned: true): Int(bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self))
        case .integer(bytes: 2, isSigned: false): Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        case .integer(bytes: 4, isSigned: true): Int(bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
        case .integer(bytes: 4, isSigned: false): Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        case .integer(_, isSigned: true): Int(bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
        case .integer: Int(exactly: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        default: bytes[offset] == 0 ? 0 : 1
        }
    }

    private func trimmed<Code: FixedWidthInteger>(_ codes: [Code]) -> ArraySlice<Code> {
        codes[..<(codes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0)]
    }

    private func misfit(_ expected: String, _ found: String, _ position: Position) -> DatasetError {
        let place = rowSize == 1 ? "row \(position.row)" : "row \(position.row), column \(position.column)"
        return .damaged(at: name, "\(place) (from 0): \(expected) expected, got \(found)")
    }

    private func wrongType(_ expected: String) -> DatasetError {
        .unsupported(at: name, "an array of \(expected) expected, got the NumPy type \(elementType)")
    }

    private func requireRows(_ rows: Range<Int>, _ function: String, _ file: StaticString, _ line: UInt) {
        require(
            rows.lowerBound >= 0 && rows.upperBound <= rowCount,
            "NPYFile.\(function): rows of 0..<\(rowCount) expected, got \(rows)", file: file, line: line)
    }
}

extension Float {
    /// The number of a half-precision bit pattern (IEEE 754 binary16); exact.
    init(half bits: UInt16) {
        let sign = UInt32(bits >> 15) << 31, exponent = UInt32(bits >> 10 & 31), fraction = UInt32(bits & 1023)
        switch exponent {
        case 0:  // zero and subnormal: fraction · 2^-24
            let magnitude = Float(fraction) * 0x1p-24
            self = sign == 0 ? magnitude : -magnitude
        case 31: self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}

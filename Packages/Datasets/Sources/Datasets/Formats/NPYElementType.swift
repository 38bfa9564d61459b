extension NPYFile {
    /// What an array holds.
    public enum ElementType: Sendable, Hashable, CustomStringConvertible {
        /// 2, 4 or 8 bytes.
        case floating(bytes: Int)
        /// 1, 2, 4 or 8 bytes.
        case integer(bytes: Int, isSigned: Bool)
        case boolean
        /// Text of at most so many code points, four bytes each (`U`), or of so many bytes (`S`).
        case text(length: Int, isUnicode: Bool)

        /// NumPy's names.
        public var description: String {
            switch self {
            case .floating(let bytes): "float\(8 * bytes)"
            case .integer(let bytes, let isSigned): "\(isSigned ? "" : "u")int\(8 * bytes)"
            case .boolean: "bool"
            case .text(let length, let isUnicode): "\(isUnicode ? "U" : "S")\(length)"
            }
        }

        /// Bytes of an element.
        var stride: Int {
            switch self {
            case .floating(let bytes), .integer(let bytes, _): bytes
            case .boolean: 1
            case .text(let length, let isUnicode): isUnicode ? 4 * length : length
            }
        }

        /// - Parameter code: the array protocol's: byte order, kind, bytes; `<f4`.
        init(_ code: String, name: String) throws(DatasetError) {
            let scalars = Array(code.unicodeScalars)
            func refuse(_ what: String) -> DatasetError {
                .unsupported(at: name, "\(what), got the NumPy type \(code)")
            }
            guard scalars.count >= 2, ["<", ">", "|", "="].contains(scalars[0]), scalars.count <= 32 else {
                throw .damaged(at: name, "a NumPy type such as <f4 expected in the .npy header")
            }
            let kind = scalars[1], digits = String(String.UnicodeScalarView(scalars[2...]))
            let bytes = Int(digits) ?? 0
            switch kind {
            case "f" where [2, 4, 8].contains(bytes): self = .floating(bytes: bytes)
            case "i" where [1, 2, 4, 8].contains(bytes): self = .integer(bytes: bytes, isSigned: true)
            case "u" where [1, 2, 4, 8].contains(bytes): self = .integer(bytes: bytes, isSigned: false)
            case "b" where bytes == 1: self = .boolean
            case "U" where 1...(1 << 20) ~= bytes: self = .text(length: bytes, isUnicode: true)
            case "S" where 1...(1 << 20) ~= bytes: self = .text(length: bytes, isUnicode: false)
            case "O": throw refuse("an array of numbers or text expected, not of pickled Python objects")
            default: throw refuse("an array of float16, float32, float64, integers or text expected")
            }
            let isOneByte = stride == 1 || { if case .text(_, false) = self { true } else { false } }()
            guard scalars[0] != ">" || isOneByte else {
                throw refuse("a little-endian array expected (array.astype(array.dtype.newbyteorder(\"<\")))")
            }
        }
    }
}

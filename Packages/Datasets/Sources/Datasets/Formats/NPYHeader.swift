/// What stands before the elements of a `.npy` file: a Python dictionary of the element type, the order and the shape
/// (NumPy Enhancement Proposal 1, Robert Kern 2007; versions 1, 2 and 3 differ in the width of the length and the
/// text's encoding).
struct NPYHeader {
    let elementType: NPYFile.ElementType
    let isFortranOrder: Bool
    let shape: [Int]
    /// Where the elements begin, in bytes.
    let end: Int

    /// NumPy's own limit: a longer header is no header.
    static let longest = 10_000
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// - Parameter beginning: at least the file's first `longest + 12` bytes, or all of them.
    init(_ beginning: [UInt8], name: String) throws(DatasetError) {
        guard beginning.starts(with: Self.magic) else {
            let found = ContentKind(beginning).map { "this is \($0.rawValue)" } ?? "the file begins otherwise"
            let hint = ContentKind(beginning) == .zip ? " (of an .npz, save one array by numpy.save)" : ""
            throw .damaged(at: name, "a NumPy .npy file expected, \(found)\(hint)")
        }
        guard beginning.count >= 12 else {
            throw .damaged(at: name, "a .npy header expected, the file ends after \(beginning.count) bytes")
        }
        let version = beginning[6]
        guard 1...3 ~= version else {
            throw .unsupported(at: name, ".npy version 1, 2 or 3 expected at byte 6, got \(version)")
        }
        let start = version == 1 ? 10 : 12
        let length = beginning[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.longest else {
            throw .damaged(at: name, "a .npy header of at most \(Self.longest) bytes expected, it claims \(length)")
        }
        end = start + length
        guard beginning.count >= end else {
            throw .damaged(
                at: name, "a .npy header up to byte \(end) expected, the file ends after \(beginning.count)")
        }
        var literal = PythonLiteral(bytes: Array(beginning[start..<end]))
        guard let entries = literal.dictionary(), Set(entries.keys) == ["descr", "fortran_order", "shape"],
            let type = entries["descr"], case .truth(let isFortranOrder)? = entries["fortran_order"],
            case .integers(let shape)? = entries["shape"]
        else {
            throw .damaged(
                at: name,
                "a dictionary of descr, fortran_order and shape expected in the .npy header, at byte \(start)")
        }
        (self.isFortranOrder, self.shape) = (isFortranOrder, shape)
        guard case .text(let code) = type else {
            throw .unsupported(at: name, "an array of numbers or text expected, got one of records (a structured type)")
        }
        elementType = try NPYFile.ElementType(code, name: name)
    }
}

/// The few literals of Python that stand in such a dictionary.
private struct PythonLiteral {
    enum Value: Equatable {
        case text(String)
        case truth(Bool)
        case integers([Int])
        /// A list, which describes records; what is in it is not read.
        case list
    }

    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// The whole text as one dictionary, with white space around it; nil if it is anything else.
    mutating func dictionary() -> [String: Value]? {
        guard accept("{") else { return nil }
        var entries: [String: Value] = [:]
        while !accept("}") {
            guard let key = text(), accept(":"), let value = value(), entries.updateValue(value, forKey: key) == nil
            else { return nil }
            guard accept(",") else {
                guard accept("}") else { return nil }
                break
            }
        }
        skipSpace()
        // Some writers pad with zeros.
        return bytes[position...].allSatisfy { $0 == 0 } ? entries : nil
    }

    private mutating func value() -> Value? {
        if let text = text() { return .text(text) }
        if accept("True") { return .truth(true) }
        if accept("False") { return .truth(false) }
        if accept("(") { return integers().map { .integers($0) } }
        return accept("[") && skipList() ? .list : nil
    }

    private mutating func text() -> String? {
        skipSpace()
        guard position < bytes.count, bytes[position] == 39 || bytes[position] == 34 else { return nil }
        let start = position + 1
        guard let end = bytes[start...].firstIndex(of: bytes[position]) else { return nil }
        position = end + 1
        return String(validating: bytes[start..<end], as: UTF8.self)
    }

    /// A tuple's rest. Python 2 writes `3L`.
    private mutating func integers() -> [Int]? {
        var integers: [Int] = []
        while !accept(")") {
            skipSpace()
            let digits = bytes[position...].prefix { 48...57 ~= $0 }
            guard let integer = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            position += digits.count
            integers.append(integer)
            _ = accept("L")
            guard accept(",") else { return accept(")") ? integers : nil }
        }
        return integers
    }

    private mutating func skipList() -> Bool {
        var depth = 1
        while depth > 0, position < bytes.count {
            if bytes[position] == UInt8(ascii: "[") { depth += 1 }
            if bytes[position] == UInt8(ascii: "]") { depth -= 1 }
            position += 1
        }
        return depth == 0
    }

    private mutating func accept(_ word: String) -> Bool {
        skipSpace()
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, [9, 10, 13, 32].contains(bytes[position]) { position += 1 }
    }
}

/// Reads the data of a Python pickle and executes nothing (protocols 0 to 5; `pickletools.py` in CPython documents the
/// opcodes).
///
/// A pickle is a program for a stack machine whose REDUCE calls any function by name: opening one with Python runs what
/// its author wanted. This reader knows the opcodes that lists, dictionaries, strings, numbers and NumPy arrays need,
/// and the few names by which NumPy rebuilds an array; anything else is an error. Large byte strings stay where they
/// are in the mapped file.
struct Pickle {
    /// A value of the pickle. Containers are numbers of places in `lists`, `dictionaries` and `arrays`: shared or even
    /// cyclic structures, however deep, then need no recursion.
    enum Value {
        case none
        case integer(Int)
        case text(String)
        case bytes(Bytes)
        /// A place in `lists`, as a list's.
        case tuple(Int)
        case list(Int)
        case dictionary(Int)
        case array(Int)
        case elementType(ElementType)
        case function(Function)
        /// Where a list of arguments starts on the stack.
        case mark
    }

    enum Bytes {
        case file(Range<Int>)
        case memory([UInt8])

        var count: Int {
            switch self {
            case .file(let range): range.count
            case .memory(let bytes): bytes.count
            }
        }
    }

    /// The little-endian integers of NumPy's dtypes; `object` elements are values of their own.
    enum ElementType: Equatable {
        case integer(bytes: Int, isSigned: Bool)
        case object
    }

    struct Array {
        var elementType: ElementType
        var shape: [Int]
        var content: Bytes
        /// Where `elementType` is `object`: the place of the elements in `lists`.
        var elements: Int?
    }

    enum Function: String {
        case reconstruct = "numpy.core.multiarray _reconstruct", reconstruct2 = "numpy._core.multiarray _reconstruct"
        case scalar = "numpy.core.multiarray scalar", scalar2 = "numpy._core.multiarray scalar"
        case fromBuffer = "numpy.core.numeric _frombuffer", fromBuffer2 = "numpy._core.numeric _frombuffer"
        case ndarray = "numpy ndarray", dtype = "numpy dtype"
        /// How protocol 2 writes bytes: Latin-1 text to be encoded back.
        case encode = "_codecs encode"
    }

    let file: MappedFile
    private(set) var root = Value.none
    private(set) var lists: [[Value]] = []
    private(set) var dictionaries: [[(key: Value, value: Value)]] = []
    private(set) var arrays: [Array] = []
    private var stack: [Value] = []
    private var memo: [Int: Value] = [:]
    private var position = 0

    init(path: String) throws(DatasetError) {
        file = try MappedFile(path: path)
        while try step() {}
    }

    // MARK: Reading the result

    func list(_ value: Value?) -> [Value]? {
        switch value {
        case .list(let index), .tuple(let index): lists[index]
        case .array(let index):
            arrays[index].elementType == .object
                ? arrays[index].elements.map { lists[$0] } : integers(value)?.map { .integer($0) }
        default: nil
        }
    }

    /// The value of a text key, which Python 2 may have written as bytes.
    func member(_ key: String, of value: Value) -> Value? {
        guard case .dictionary(let index) = value else { return nil }
        return dictionaries[index].last { text($0.key) == key }?.value
    }

    func text(_ value: Value) -> String? {
        switch value {
        case .text(let text): text
        case .bytes(let bytes): String(decoding: content(bytes), as: UTF8.self)
        default: nil
        }
    }

    func content(_ bytes: Bytes) -> [UInt8] {
        switch bytes {
        case .file(let range): file[range]
        case .memory(let bytes): bytes
        }
    }

    /// Part of some bytes.
    func content(_ bytes: Bytes, _ part: Range<Int>) -> [UInt8] {
        switch bytes {
        case .file(let range): file[(range.lowerBound + part.lowerBound)..<(range.lowerBound + part.upperBound)]
        case .memory(let bytes): Swift.Array(bytes[part])
        }
    }

    /// A list, tuple or integer array as numbers.
    func integers(_ value: Value?) -> [Int]? {
        guard case .array(let index) = value, case .integer(let width, let isSigned) = arrays[index].elementType else {
            guard let values = list(value) else { return nil }
            let numbers = values.compactMap { if case .integer(let n) = $0 { n } else { nil } }
            return numbers.count == values.count ? numbers : nil
        }
        return numbers(content(arrays[index].content), width, isSigned)
    }

    private func numbers(_ bytes: [UInt8], _ width: Int, _ isSigned: Bool) -> [Int] {
        stride(from: 0, to: bytes.count - width + 1, by: width).map { start in
            let bits = (0..<width).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
            let shift = UInt64(64 - 8 * width)
            return isSigned ? Int(Int64(bitPattern: bits << shift) >> Int64(shift)) : Int(truncatingIfNeeded: bits)
        }
    }

    // MARK: The stack machine

    func failure(_ expected: String, at place: Int? = nil) -> DatasetError {
        DatasetError("\(file.path): \(expected), byte \(place ?? position)")
    }

    private mutating func take(_ count: Int) throws(DatasetError) -> Range<Int> {
        guard count >= 0, count <= file.count - position else {
            throw failure("a whole pickle expected, it is cut off")
        }
        defer { position += count }
        return position..<(position + count)
    }

    private mutating func integer(_ width: Int) throws(DatasetError) -> Int {
        let range = try take(width)
        guard let value = file.integer(at: range.lowerBound, width: width) else {
            throw failure("a length below 2⁶³ expected")
        }
        return value
    }

    private mutating func line() throws(DatasetError) -> String {
        let start = position
        while position < file.count, file[position] != 10 { position += 1 }
        _ = try take(1)
        return String(decoding: file[start..<(position - 1)], as: UTF8.self)
    }

    private mutating func pop() throws(DatasetError) -> Value {
        guard let value = stack.popLast() else { throw failure("a value on the pickle's stack expected, it is empty") }
        return value
    }

    private mutating func popToMark() throws(DatasetError) -> [Value] {
        guard let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } }) else {
            throw failure("a mark on the pickle's stack expected, there is none")
        }
        defer { stack.removeSubrange(mark...) }
        return Swift.Array(stack[(mark + 1)...])
    }

    private mutating func pushText(_ length: Int) throws(DatasetError) {
        stack.append(.text(String(decoding: file[try take(length)], as: UTF8.self)))
    }
    private mutating func pushBytes(_ length: Int) throws(DatasetError) {
        stack.append(.bytes(.file(try take(length))))
    }

    private mutating func pushTuple(_ values: [Value]) {
        lists.append(values)
        stack.append(.tuple(lists.count - 1))
    }

    private mutating func pushTuple(ofLast count: Int) throws(DatasetError) {
        guard stack.count >= count else { throw failure("\(count) values on the pickle's stack expected") }
        let values = Swift.Array(stack.suffix(count))
        stack.removeLast(count)
        pushTuple(values)
    }

    private mutating func append(_ values: [Value]) throws(DatasetError) {
        guard case .list(let index) = stack.last else { throw failure("a list to append to expected") }
        lists[index] += values
    }

    private mutating func set(_ values: [Value]) throws(DatasetError) {
        guard case .dictionary(let index) = stack.last, values.count % 2 == 0 else {
            throw failure("a dictionary and pairs for it expected")
        }
        for i in stride(from: 0, to: values.count, by: 2) { dictionaries[index].append((values[i], values[i + 1])) }
    }

    private mutating func pushList(_ values: [Value]) {
        lists.append(values)
        stack.append(.list(lists.count - 1))
    }

    /// Executes one opcode; false at the end.
    private mutating func step() throws(DatasetError) -> Bool {
        let start = position
        let opcode = UInt8(try integer(1))
        switch Character(UnicodeScalar(opcode)) {
        case "\u{80}": _ = try integer(1)  // PROTO
        case "\u{95}": _ = try integer(8)  // FRAME
        case ".":  // STOP
            root = try pop()
            return false
        case "(": stack.append(.mark)
        case "0": _ = try pop()
        case "2": stack.append(stack.last ?? .none)
        case "N": stack.append(.none)
        case "\u{88}": stack.append(.integer(1))  // NEWTRUE
        case "\u{89}": stack.append(.integer(0))
        case "K": stack.append(.integer(try integer(1)))
        case "M": stack.append(.integer(try integer(2)))
        case "J": stack.append(.integer(Int(Int32(truncatingIfNeeded: try integer(4)))))
        case "I", "L":
            let digits = try line()
            guard let number = Int(digits.hasSuffix("L") ? String(digits.dropLast()) : digits) else {
                throw failure("an integer expected, got \"\(digits.prefix(20))\"", at: start)
            }
            stack.append(.integer(number))
        case "\u{8a}":  // LONG1
            let width = try integer(1)
            guard width <= 8 else { throw failure("an integer of at most 8 bytes expected, got \(width)", at: start) }
            let range = try take(width), shift = UInt64(64 - 8 * width)
            let bits = range.reduce(UInt64(0)) { $0 | UInt64(file[$1]) << UInt64(8 * ($1 - range.lowerBound)) }
            stack.append(.integer(width == 0 ? 0 : Int(Int64(bitPattern: bits << shift) >> Int64(shift))))
        case "\u{8c}": try pushText(try integer(1))
        case "X": try pushText(try integer(4))
        case "\u{8d}": try pushText(try integer(8))
        case "U", "C": try pushBytes(try integer(1))
        case "T", "B": try pushBytes(try integer(4))
        case "\u{8e}", "\u{96}": try pushBytes(try integer(8))  // BINBYTES8, BYTEARRAY8
        case "]": pushList([])
        case "l": pushList(try popToMark())
        case "a": try append([try pop()])
        case "e": try append(try popToMark())
        case "}":
            dictionaries.append([])
            stack.append(.dictionary(dictionaries.count - 1))
        case "d":
            let values = try popToMark()
            dictionaries.append([])
            stack.append(.dictionary(dictionaries.count - 1))
            try set(values)
        case "s":
            let value = try pop(), key = try pop()
            try set([key, value])
        case "u": try set(try popToMark())
        case ")": pushTuple([])
        case "t": pushTuple(try popToMark())
        case "\u{85}": try pushTuple(ofLast: 1)
        case "\u{86}": try pushTuple(ofLast: 2)
        case "\u{87}": try pushTuple(ofLast: 3)
        case "q": memo[try integer(1)] = stack.last
        case "r": memo[try integer(4)] = stack.last
        case "p": memo[Int(try line()) ?? -1] = stack.last
        case "\u{94}": memo[memo.count] = stack.last  // MEMOIZE
        case "h": try recall(try integer(1))
        case "j": try recall(try integer(4))
        case "g": try recall(Int(try line()) ?? -1)
        case "c": try name("\(try line()) \(try line())", start)
        case "\u{93}":  // STACK_GLOBAL
            let name = try pop(), module = try pop()
            try self.name("\(text(module) ?? "?") \(text(name) ?? "?")", start)
        case "R":
            let arguments = try pop(), function = try pop()
            guard case .function(let function) = function, case .tuple(let index) = arguments else {
                throw failure("a function and its arguments expected", at: start)
            }
            stack.append(try call(function, lists[index], start))
        case "b":
            let state = try pop()
            try build(state, start)
        default:
            throw failure(
                "an opcode that lists, dictionaries and NumPy arrays need expected, got 0x\(String(opcode, radix: 16))",
                at: start)
        }
        return true
    }

    private mutating func recall(_ key: Int) throws(DatasetError) {
        guard let value = memo[key] else { throw failure("a remembered value \(key) expected, there is none") }
        stack.append(value)
    }

    private mutating func name(_ name: String, _ start: Int) throws(DatasetError) {
        guard let function = Function(rawValue: name) else {
            throw failure(
                "data only expected, the pickle asks for the code of \(name.prefix(80).replacing(" ", with: "."))",
                at: start)
        }
        stack.append(.function(function))
    }
}

// MARK: NumPy

extension Pickle {
    private mutating func call(_ function: Function, _ arguments: [Value], _ start: Int) throws(DatasetError) -> Value {
        switch (function, arguments.count) {
        case (.reconstruct, 3), (.reconstruct2, 3):  // an empty array, filled by BUILD
            arrays.append(Array(elementType: .integer(bytes: 1, isSigned: false), shape: [0], content: .memory([])))
            return .array(arrays.count - 1)
        case (.fromBuffer, 4), (.fromBuffer2, 4):  // content, dtype, shape, order
            guard case .bytes(let content) = arguments[0], case .elementType(let type) = arguments[1],
                text(arguments[3]) == "C"
            else { break }
            arrays.append(try array(type, shape: arguments[2], content, start))
            return .array(arrays.count - 1)
        case (.scalar, 2), (.scalar2, 2):
            guard case .elementType(.integer(let width, let isSigned)) = arguments[0],
                case .bytes(let bytes) = arguments[1], bytes.count == width
            else { break }
            return .integer(numbers(content(bytes), width, isSigned)[0])
        case (.dtype, 1...3):
            guard let code = text(arguments[0]) else { break }
            switch code {
            case "O", "O8": return .elementType(.object)
            case "b1", "?": return .elementType(.integer(bytes: 1, isSigned: false))
            default:
                guard let kind = code.first, kind == "u" || kind == "i", let bytes = Int(code.dropFirst()),
                    [1, 2, 4, 8].contains(bytes)
                else {
                    throw failure(
                        "an array of integers or objects expected, got the NumPy type \(code.prefix(20))", at: start)
                }
                return .elementType(.integer(bytes: bytes, isSigned: kind == "i"))
            }
        case (.encode, 2):
            guard case .text(let text) = arguments[0], self.text(arguments[1]) == "latin1" else { break }
            return .bytes(.memory(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }))
        default: break
        }
        throw failure(
            "the arguments NumPy writes for \(function.rawValue.replacing(" ", with: ".")) expected", at: start)
    }

    /// The state of a dtype (its byte order) or of an array (version, shape, dtype, Fortran order, content).
    private mutating func build(_ state: Value, _ start: Int) throws(DatasetError) {
        guard case .tuple(let place) = state, let object = stack.last else {
            throw failure("a state for an array expected", at: start)
        }
        let state = lists[place]
        switch object {
        case .elementType:
            guard state.count >= 2, ["<", "|", "="].contains(text(state[1])) else {
                throw failure("a little-endian array expected", at: start)
            }
        case .array(let index):
            guard state.count == 5, case .elementType(let type) = state[2], case .integer(0) = state[3] else {
                throw failure("an array in C order expected", at: start)
            }
            if type == .object {
                guard case .list(let elements) = state[4] else {
                    throw failure("a list of the array's objects expected", at: start)
                }
                arrays[index] = Array(
                    elementType: type, shape: integers(state[1]) ?? [], content: .memory([]), elements: elements)
            } else {
                guard case .bytes(let content) = state[4] else {
                    throw failure("the bytes of an array expected", at: start)
                }
                arrays[index] = try array(type, shape: state[1], content, start)
            }
        default: throw failure("data only expected, the pickle sets the state of another object", at: start)
        }
    }

    private func array(_ type: ElementType, shape: Value, _ content: Bytes, _ start: Int) throws(DatasetError) -> Array
    {
        guard case .integer(let width, _) = type, let shape = integers(shape), shape.allSatisfy({ $0 >= 0 }) else {
            throw failure("an array of integers with its shape expected", at: start)
        }
        var count = width, overflow = false
        for extent in shape {
            (count, overflow) = { ($0.partialValue, $0.overflow || overflow) }(
                count.multipliedReportingOverflow(by: extent))
        }
        guard !overflow, count == content.count else {
            throw failure("\(count) bytes for an array of shape \(shape) expected, got \(content.count)", at: start)
        }
        return Array(elementType: type, shape: shape, content: content)
    }
}

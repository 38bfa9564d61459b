/// Reads a Python pickle and executes nothing (protocols 0 to 5; `pickletools.py` in CPython documents the opcodes).
///
/// A pickle is a program for a stack machine whose REDUCE calls any function by name: opening one with Python runs what
/// its author wanted. This machine knows the opcodes that lists, dictionaries, strings, numbers and NumPy arrays need,
/// and the few names of `PickleFunction`; anything else is an error. Large byte strings stay where they
/// are in the mapped file.
struct PickleMachine {
    typealias Value = Pickle.Value

    var pickle: Pickle
    var stack: [Value] = []
    private var memo: [Int: Value] = [:]
    private var position = 0

    init(file: MappedFile) { pickle = Pickle(file: file) }

    /// Executes to the end.
    mutating func run() throws(DatasetError) -> Pickle {
        while try step() {}
        return pickle
    }

    func failure(_ expected: String, at place: Int? = nil) -> DatasetError {
        .damaged(at: pickle.file.path, "\(expected), byte \(place ?? position)")
    }

    private mutating func take(_ count: Int) throws(DatasetError) -> Range<Int> {
        guard count >= 0, count <= pickle.file.count - position else {
            throw failure("a whole pickle expected, it is cut off")
        }
        defer { position += count }
        return position..<(position + count)
    }

    private mutating func integer(_ width: Int) throws(DatasetError) -> Int {
        let range = try take(width)
        guard let value = pickle.file.integer(at: range.lowerBound, width: width) else {
            throw failure("a length below 2⁶³ expected")
        }
        return value
    }

    private mutating func lineBytes() throws(DatasetError) -> [UInt8] {
        let start = position
        while position < pickle.file.count, pickle.file[position] != 10 { position += 1 }
        _ = try take(1)
        return pickle.file[start..<(position - 1)]
    }

    private mutating func line() throws(DatasetError) -> String { String(decoding: try lineBytes(), as: UTF8.self) }

    /// A little-endian integer of any width in two's complement.
    private mutating func pushLong(_ width: Int) throws(DatasetError) {
        let range = try take(width)
        guard width <= 8 else {
            stack.append(.otherNumber)
            return
        }
        let shift = UInt64(64 - 8 * width)
        let bits = range.reduce(UInt64(0)) { $0 | UInt64(pickle.file[$1]) << UInt64(8 * ($1 - range.lowerBound)) }
        stack.append(.integer(width == 0 ? 0 : Int(Int64(bitPattern: bits << shift) >> Int64(shift))))
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
        return Array(stack[(mark + 1)...])
    }

    private mutating func pushText(_ length: Int) throws(DatasetError) {
        stack.append(.text(String(decoding: pickle.file[try take(length)], as: UTF8.self)))
    }
    private mutating func pushBytes(_ length: Int) throws(DatasetError) {
        stack.append(.bytes(.file(try take(length))))
    }

    private mutating func pushTuple(_ values: [Value]) {
        pickle.lists.append(values)
        stack.append(.tuple(pickle.lists.count - 1))
    }

    private mutating func pushTuple(ofLast count: Int) throws(DatasetError) {
        guard stack.count >= count else { throw failure("\(count) values on the pickle's stack expected") }
        let values = Array(stack.suffix(count))
        stack.removeLast(count)
        pushTuple(values)
    }

    private mutating func append(_ values: [Value]) throws(DatasetError) {
        guard case .list(let index) = stack.last else { throw failure("a list to append to expected") }
        pickle.lists[index] += values
    }

    private mutating func set(_ values: [Value]) throws(DatasetError) {
        guard case .dictionary(let index) = stack.last, values.count % 2 == 0 else {
            throw failure("a dictionary and pairs for it expected")
        }
        for i in stride(from: 0, to: values.count, by: 2) {
            pickle.dictionaries[index].append((values[i], values[i + 1]))
        }
    }

    private mutating func pushList(_ values: [Value]) {
        pickle.lists.append(values)
        stack.append(.list(pickle.lists.count - 1))
    }

    /// Executes one opcode; false at the end.
    private mutating func step() throws(DatasetError) -> Bool {
        let start = position
        let opcode = UInt8(try integer(1))
        switch Character(UnicodeScalar(opcode)) {
        case "\u{80}": _ = try integer(1)  // PROTO
        case "\u{95}": _ = try integer(8)  // FRAME
        case ".":  // STOP
            pickle.root = try pop()
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
            let line = try line(), digits = line.hasSuffix("L") ? line.dropLast() : line[...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ 48...57 ~= $0 || $0 == 45 }) else {
                throw failure("an integer expected, got \"\(line.prefix(20))\"", at: start)
            }
            stack.append(Int(digits).map { .integer($0) } ?? .otherNumber)
        case "\u{8a}": try pushLong(try integer(1))
        case "\u{8b}": try pushLong(try integer(4))
        case "G":  // BINFLOAT
            _ = try take(8)
            stack.append(.otherNumber)
        case "F":
            _ = try line()
            stack.append(.otherNumber)
        case "V":
            guard let text = PickleText.unicode(try lineBytes()) else {
                throw failure("a line of text expected", at: start)
            }
            stack.append(.text(text))
        case "S":
            guard let bytes = PickleText.bytes(try lineBytes()) else {
                throw failure("a line of bytes in quotes expected", at: start)
            }
            stack.append(.bytes(.memory(bytes)))
        case "\u{8c}": try pushText(try integer(1))
        case "X": try pushText(try integer(4))
        case "\u{8d}": try pushText(try integer(8))
        case "U", "C": try pushBytes(try integer(1))
        case "T", "B": try pushBytes(try integer(4))
        case "\u{8e}", "\u{96}": try pushBytes(try integer(8))  // BINBYTES8, BYTEARRAY8
        case "]", "\u{8f}": pushList([])  // EMPTY_SET: a set is a list of what is in it
        case "l", "\u{91}": pushList(try popToMark())  // FROZENSET
        case "a": try append([try pop()])
        case "e", "\u{90}": try append(try popToMark())
        case "}":
            pickle.dictionaries.append([])
            stack.append(.dictionary(pickle.dictionaries.count - 1))
        case "d":
            let values = try popToMark()
            pickle.dictionaries.append([])
            stack.append(.dictionary(pickle.dictionaries.count - 1))
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
            try self.name("\(pickle.text(module) ?? "?") \(pickle.text(name) ?? "?")", start)
        case "R":
            let arguments = try pop(), function = try pop()
            guard case .function(let function) = function, case .tuple(let index) = arguments else {
                throw failure("a function and its arguments expected", at: start)
            }
            stack.append(try call(function, pickle.lists[index], start))
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
        guard let function = PickleFunction(name) else {
            throw failure(
                "data only expected, the pickle asks for the code of \(name.prefix(80).replacing(" ", with: "."))",
                at: start)
        }
        stack.append(.function(function))
    }
}

extension PickleMachine {
    mutating func call(_ function: PickleFunction, _ arguments: [Value], _ start: Int) throws(DatasetError) -> Value {
        switch (function, arguments.count) {
        case (.reconstruct, 3):  // an empty array, filled by BUILD
            pickle.arrays.append(
                Pickle.NumPyArray(elementType: .integer(bytes: 1, isSigned: false), shape: [0], content: .memory([])))
            return .array(pickle.arrays.count - 1)
        case (.fromBuffer, 4):  // content, dtype, shape, order
            guard case .bytes(let content) = arguments[0], case .elementType(let type) = arguments[1],
                let order = pickle.text(arguments[3]), order == "C" || order == "F"
            else { break }
            pickle.arrays.append(
                try array(type, shape: arguments[2], content, isFortran: order == "F", start))
            return .array(pickle.arrays.count - 1)
        case (.scalar, 2):
            guard case .elementType(let type) = arguments[0], case .bytes(let bytes) = arguments[1] else { break }
            switch type {
            case .integer(let width, let isSigned):
                guard bytes.count == width else { break }
                return .integer(pickle.numbers(pickle.content(bytes), width, isSigned)[0])
            case .text(let width, let isUnicode):
                guard bytes.count == width else { break }
                return .text(pickle.texts(pickle.content(bytes), width, isUnicode).first ?? "")
            case .object: break
            }
        case (.dtype, 1...3):
            guard let code = pickle.text(arguments[0]) else { break }
            return .elementType(try elementType(code, start))
        case (.encode, 2):
            guard case .text(let text) = arguments[0], pickle.text(arguments[1]) == "latin1" else { break }
            return .bytes(.memory(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }))
        case (.orderedDictionary, 0...1), (.defaultDictionary, 0...2):
            return try dictionary(
                pairs: function == .orderedDictionary ? arguments.first : arguments.dropFirst().first, start)
        case (.range, 1...3):
            return try range(arguments, start)
        case (.factory, 1):  // set(list), frozenset(list)
            guard case .list(let index) = arguments[0] else { break }
            pickle.lists.append(pickle.lists[index])
            return .list(pickle.lists.count - 1)
        case (.factory, 0):  // list(), as an empty container
            pickle.lists.append([])
            return .list(pickle.lists.count - 1)
        default: break
        }
        throw failure("the arguments that Python and NumPy write for \(function) expected", at: start)
    }

    private func elementType(_ code: String, _ start: Int) throws(DatasetError) -> Pickle.ElementType {
        if code == "O" || code == "O8" { return .object }
        if code == "b1" || code == "?" { return .integer(bytes: 1, isSigned: false) }
        if let kind = code.first, let size = Int(code.dropFirst()), 0...(1 << 20) ~= size {
            switch kind {
            case "u", "i": if [1, 2, 4, 8].contains(size) { return .integer(bytes: size, isSigned: kind == "i") }
            case "U": return .text(bytes: 4 * size, isUnicode: true)
            case "S": return .text(bytes: size, isUnicode: false)
            default: break
            }
        }
        throw failure("an array of integers or objects expected, got the NumPy type \(code.prefix(20))", at: start)
    }

    /// A dictionary of Python 2's pairs, or empty, to be filled by SETITEMS.
    private mutating func dictionary(pairs: Value?, _ start: Int) throws(DatasetError) -> Value {
        var entries: [(key: Value, value: Value)] = []
        for pair in pairs.flatMap(pickle.list) ?? [] {
            guard let pair = pickle.list(pair), pair.count == 2 else {
                throw failure("pairs of keys and values for a dictionary expected", at: start)
            }
            entries.append((pair[0], pair[1]))
        }
        pickle.dictionaries.append(entries)
        return .dictionary(pickle.dictionaries.count - 1)
    }

    /// Python's range(stop), range(start, stop) or range(start, stop, step), written out.
    private mutating func range(_ arguments: [Value], _ start: Int) throws(DatasetError) -> Value {
        let numbers = arguments.compactMap { if case .integer(let n) = $0 { n } else { nil } }
        let limit = 1 << 40
        guard numbers.count == arguments.count, numbers.allSatisfy({ -limit...limit ~= $0 }) else {
            throw failure("a range of integers expected", at: start)
        }
        let step = numbers.count == 3 ? numbers[2] : 1
        let (first, end) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
        guard step != 0, (end - first) / step < 10_000_000 else {
            throw failure("a range of at most 10,000,000 integers expected", at: start)
        }
        pickle.lists.append(stride(from: first, to: end, by: step).map { .integer($0) })
        return .list(pickle.lists.count - 1)
    }

    /// The state of a dtype (its byte order) or of an array (version, shape, dtype, Fortran order, content).
    mutating func build(_ state: Value, _ start: Int) throws(DatasetError) {
        guard case .tuple(let place) = state, let object = stack.last else {
            throw failure("a state for an array expected", at: start)
        }
        let state = pickle.lists[place]
        switch object {
        case .elementType:
            guard state.count >= 2, ["<", "|", "="].contains(pickle.text(state[1])) else {
                throw failure("a little-endian array expected", at: start)
            }
        case .array(let index):
            guard state.count == 5, case .elementType(let type) = state[2], case .integer(let order) = state[3]
            else {
                throw failure("the state of an array expected", at: start)
            }
            if type == .object {
                guard case .list(let elements) = state[4] else {
                    throw failure("a list of the array's objects expected", at: start)
                }
                pickle.arrays[index] = Pickle.NumPyArray(
                    elementType: type, shape: pickle.integers(state[1]) ?? [], content: .memory([]), elements: elements)
            } else {
                guard case .bytes(let content) = state[4] else {
                    throw failure("the bytes of an array expected", at: start)
                }
                pickle.arrays[index] = try array(type, shape: state[1], content, isFortran: order != 0, start)
            }
        default: throw failure("data only expected, the pickle sets the state of another object", at: start)
        }
    }

    private func array(
        _ type: Pickle.ElementType, shape: Value, _ content: Pickle.ByteString, isFortran: Bool, _ start: Int
    ) throws(DatasetError) -> Pickle.NumPyArray {
        let width: Int? =
            switch type {
            case .integer(let width, _), .text(let width, _): width
            case .object: nil
            }
        guard let width, let shape = pickle.integers(shape), shape.allSatisfy({ $0 >= 0 }) else {
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
        return Pickle.NumPyArray(elementType: type, shape: shape, content: content, isFortran: isFortran)
    }
}

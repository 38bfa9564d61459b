extension PickleMachine {
    mutating func call(_ function: PickleFunction, _ arguments: [Value], _ start: Int) throws(DatasetError) -> Value {
        switch (function, arguments.count) {
        case (.reconstruct, 3), (.reconstruct2, 3):  // an empty array, filled by BUILD
            pickle.arrays.append(
                Pickle.NumPyArray(elementType: .integer(bytes: 1, isSigned: false), shape: [0], content: .memory([])))
            return .array(pickle.arrays.count - 1)
        case (.fromBuffer, 4), (.fromBuffer2, 4):  // content, dtype, shape, order
            guard case .bytes(let content) = arguments[0], case .elementType(let type) = arguments[1],
                pickle.text(arguments[3]) == "C"
            else { break }
            pickle.arrays.append(try array(type, shape: arguments[2], content, start))
            return .array(pickle.arrays.count - 1)
        case (.scalar, 2), (.scalar2, 2):
            guard case .elementType(.integer(let width, let isSigned)) = arguments[0],
                case .bytes(let bytes) = arguments[1], bytes.count == width
            else { break }
            return .integer(pickle.numbers(pickle.content(bytes), width, isSigned)[0])
        case (.dtype, 1...3):
            guard let code = pickle.text(arguments[0]) else { break }
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
            guard case .text(let text) = arguments[0], pickle.text(arguments[1]) == "latin1" else { break }
            return .bytes(.memory(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }))
        default: break
        }
        throw failure(
            "the arguments NumPy writes for \(function.rawValue.replacing(" ", with: ".")) expected", at: start)
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
            guard state.count == 5, case .elementType(let type) = state[2], case .integer(0) = state[3] else {
                throw failure("an array in C order expected", at: start)
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
                pickle.arrays[index] = try array(type, shape: state[1], content, start)
            }
        default: throw failure("data only expected, the pickle sets the state of another object", at: start)
        }
    }

    private func array(_ type: Pickle.ElementType, shape: Value, _ content: Pickle.ByteString, _ start: Int)
        throws(DatasetError) -> Pickle.NumPyArray
    {
        guard case .integer(let width, _) = type, let shape = pickle.integers(shape), shape.allSatisfy({ $0 >= 0 })
        else {
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
        return Pickle.NumPyArray(elementType: type, shape: shape, content: content)
    }
}

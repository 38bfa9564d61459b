/// The data of a Python pickle: values that refer to each other by places.
struct Pickle {
    /// A value of the pickle. Containers are numbers of places in `lists`, `dictionaries` and `arrays`: shared or even
    /// cyclic structures, however deep, then need no recursion.
    enum Value {
        case none
        case integer(Int)
        /// A number that is no integer of 64 bits: it may stand where nobody asks for it.
        case otherNumber
        case text(String)
        case bytes(ByteString)
        /// A place in `lists`, as a list's.
        case tuple(Int)
        case list(Int)
        case dictionary(Int)
        case array(Int)
        case elementType(ElementType)
        case function(PickleFunction)
        /// Where a list of arguments starts on the stack.
        case mark
    }

    enum ByteString {
        case file(Range<Int>)
        case memory([UInt8])

        var count: Int {
            switch self {
            case .file(let range): range.count
            case .memory(let bytes): bytes.count
            }
        }
    }

    /// The little-endian integers and strings of NumPy's dtypes; `object` elements are values of their own.
    enum ElementType: Equatable {
        case integer(bytes: Int, isSigned: Bool)
        /// Padded with zeros: UTF-32 or bytes.
        case text(bytes: Int, isUnicode: Bool)
        case object
    }

    struct NumPyArray {
        var elementType: ElementType
        var shape: [Int]
        var content: ByteString
        /// The first axis changes fastest, not the last.
        var isFortran = false
        /// Where `elementType` is `object`: the place of the elements in `lists`.
        var elements: Int?
    }

    let file: MappedFile
    var root = Value.none
    var lists: [[Value]] = []
    var dictionaries: [[(key: Value, value: Value)]] = []
    var arrays: [NumPyArray] = []

    init(path: String) throws(DatasetError) {
        let file = try MappedFile(path: path)
        if let kind = ContentKind(file[0..<min(512, file.count)]), kind != .json {
            throw .damaged(at: path, "a pickle expected, this is \(kind.rawValue)")
        }
        var machine = PickleMachine(file: file)
        self = try machine.run()
    }

    /// A pickle that holds nothing yet.
    init(file: MappedFile) { self.file = file }

    func list(_ value: Value?) -> [Value]? {
        switch value {
        case .list(let index), .tuple(let index): lists[index]
        case .array(let index):
            switch arrays[index].elementType {
            case .object: arrays[index].elements.map { lists[$0] }
            case .integer: integers(value)?.map { .integer($0) }
            case .text(let width, let isUnicode):
                texts(content(arrays[index].content), width, isUnicode).map { .text($0) }
            }
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
        case .integer(let number): String(number)
        default: nil
        }
    }

    func content(_ bytes: ByteString) -> [UInt8] {
        switch bytes {
        case .file(let range): file[range]
        case .memory(let bytes): bytes
        }
    }

    /// Part of some bytes.
    func content(_ bytes: ByteString, _ part: Range<Int>) -> [UInt8] {
        switch bytes {
        case .file(let range): file[(range.lowerBound + part.lowerBound)..<(range.lowerBound + part.upperBound)]
        case .memory(let bytes): Array(bytes[part])
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

    /// One of the first axis's entries of an array of bytes, in C order: an image of [n, height, width, channels].
    func entry(_ index: Int, of array: NumPyArray) -> [UInt8] {
        let size = array.shape.dropFirst().reduce(1, *)
        guard array.isFortran else { return content(array.content, (index * size)..<((index + 1) * size)) }
        // Of Fortran's order: the stride of an axis is the product of the extents before it.
        var strides: [Int] = [], stride = 1
        for extent in array.shape {
            strides.append(stride)
            stride *= extent
        }
        var result: [UInt8] = [], place = [Int](repeating: 0, count: array.shape.count)
        result.reserveCapacity(size)
        place[0] = index
        for _ in 0..<size {
            let offset = zip(place, strides).reduce(0) { $0 + $1.0 * $1.1 }
            result.append(byte(array.content, offset))
            var axis = array.shape.count - 1
            while axis > 0 {
                place[axis] += 1
                if place[axis] < array.shape[axis] { break }
                place[axis] = 0
                axis -= 1
            }
        }
        return result
    }

    private func byte(_ bytes: ByteString, _ offset: Int) -> UInt8 {
        switch bytes {
        case .file(let range): file[range.lowerBound + offset]
        case .memory(let bytes): bytes[offset]
        }
    }

    /// NumPy's strings of fixed width.
    func texts(_ bytes: [UInt8], _ width: Int, _ isUnicode: Bool) -> [String] {
        guard width > 0 else { return [] }
        return stride(from: 0, to: bytes.count - width + 1, by: width).map { start in
            let field = bytes[start..<(start + width)]
            guard isUnicode else {
                return String(decoding: field[..<(field.lastIndex { $0 != 0 }.map { $0 + 1 } ?? start)], as: UTF8.self)
            }
            var scalars = numbers(Array(field), 4, false).map { Unicode.Scalar(UInt32($0)) ?? "\u{FFFD}" }
            while scalars.last == "\0" { scalars.removeLast() }
            return String(String.UnicodeScalarView(scalars))
        }
    }

    func numbers(_ bytes: [UInt8], _ width: Int, _ isSigned: Bool) -> [Int] {
        stride(from: 0, to: bytes.count - width + 1, by: width).map { start in
            let bits = (0..<width).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
            let shift = UInt64(64 - 8 * width)
            return isSigned ? Int(Int64(bitPattern: bits << shift) >> Int64(shift)) : Int(truncatingIfNeeded: bits)
        }
    }
}

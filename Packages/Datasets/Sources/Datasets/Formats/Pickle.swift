/// The data of a Python pickle: values that refer to each other by places.
struct Pickle {
    /// A value of the pickle. Containers are numbers of places in `lists`, `dictionaries` and `arrays`: shared or even
    /// cyclic structures, however deep, then need no recursion.
    enum Value {
        case none
        case integer(Int)
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

    /// The little-endian integers of NumPy's dtypes; `object` elements are values of their own.
    enum ElementType: Equatable {
        case integer(bytes: Int, isSigned: Bool)
        case object
    }

    struct NumPyArray {
        var elementType: ElementType
        var shape: [Int]
        var content: ByteString
        /// Where `elementType` is `object`: the place of the elements in `lists`.
        var elements: Int?
    }

    let file: MappedFile
    var root = Value.none
    var lists: [[Value]] = []
    var dictionaries: [[(key: Value, value: Value)]] = []
    var arrays: [NumPyArray] = []

    init(path: String) throws(DatasetError) {
        var machine = PickleMachine(file: try MappedFile(path: path))
        self = try machine.run()
    }

    /// A pickle that holds nothing yet.
    init(file: MappedFile) { self.file = file }

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

    func numbers(_ bytes: [UInt8], _ width: Int, _ isSigned: Bool) -> [Int] {
        stride(from: 0, to: bytes.count - width + 1, by: width).map { start in
            let bits = (0..<width).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
            let shift = UInt64(64 - 8 * width)
            return isSigned ? Int(Int64(bitPattern: bits << shift) >> Int64(shift)) : Int(truncatingIfNeeded: bits)
        }
    }
}

/// The path of a file as the bytes that the system knows it by: `/` separates, every other byte is part of a name.
///
/// A `String` will not do. Names need not be UTF-8; `é` in one code point and in two are different files but equal
/// strings; and a combining mark at the beginning of a name would make one `Character` with the slash before it.
public struct BytePath: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// As the system has them: any but 0.
    public let bytes: [UInt8]

    /// A path of any bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A path that is text, in UTF-8.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// The names between slashes.
    public var components: [BytePath] { bytes.split(separator: UInt8(ascii: "/")).map { BytePath(Array($0)) } }

    /// The name at the end; empty for an empty path.
    public var name: BytePath {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return self }
        return BytePath(Array(bytes[(slash + 1)...]))
    }

    /// All before the last slash; empty where there is none.
    public var folder: BytePath {
        BytePath(bytes.lastIndex(of: UInt8(ascii: "/")).map { Array(bytes[..<$0]) } ?? [])
    }

    /// Whether it has no byte.
    public var isEmpty: Bool { bytes.isEmpty }

    /// What follows the last dot of the name, in small letters; empty where there is none.
    public var ending: String {
        let name = name.bytes
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return "" }
        return BytePath(name[(dot + 1)...].map(Self.lowercased)).description
    }

    /// Whether the name is this text, in any capitals of ASCII.
    func isName(_ text: String) -> Bool { bytes.map(Self.lowercased) == text.utf8.map(Self.lowercased) }

    /// With a name behind it, a slash between.
    public func appending(_ name: BytePath) -> BytePath {
        isEmpty ? name : BytePath(bytes + [UInt8(ascii: "/")] + name.bytes)
    }

    public static func < (first: BytePath, second: BytePath) -> Bool {
        first.bytes.lexicographicallyPrecedes(second.bytes)
    }

    /// The path as text of one line. What is not UTF-8, and every control character, is written `\xE9`; a backslash
    /// that could be taken for such an escape is `\x5C`, so different paths have different texts.
    public var description: String {
        var text = "", rest = bytes[...]
        while let first = rest.first {
            let length = Self.scalarLength(rest)
            if length == 0 {
                text += Self.escaped(first)
                rest = rest.dropFirst()
            } else {
                let scalar = rest.prefix(length)
                let isControl = first < 32 || first == 127 || (length == 2 && first == 0xC2 && scalar.last! < 0xA0)
                let isLineEnd =
                    length == 3 && first == 0xE2 && (scalar.last! == 0xA8 || scalar.last! == 0xA9)
                    && scalar.dropFirst().first! == 0x80
                let couldBeEscape = first == UInt8(ascii: "\\") && rest.dropFirst().first == UInt8(ascii: "x")
                text +=
                    isControl || isLineEnd || couldBeEscape
                    ? scalar.map(Self.escaped).joined() : String(decoding: scalar, as: UTF8.self)
                rest = rest.dropFirst(length)
            }
        }
        return text
    }

    /// How many bytes the UTF-8 sequence at the beginning has; 0 if there is no valid one.
    private static func scalarLength(_ bytes: ArraySlice<UInt8>) -> Int {
        let first = bytes.first!, length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard length > 1 else { return 1 }
        var decoder = UTF8(), iterator = bytes.prefix(length).makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator), UTF8.width(scalar) == length else { return 0 }
        return length
    }

    private static func escaped(_ byte: UInt8) -> String {
        "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { 65...90 ~= byte ? byte + 32 : byte }
}

extension BytePath: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(text) }
}

extension BytePath {
    /// Runs `body` with the path as C wants it.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (bytes + [0]).withUnsafeBytes { body($0.bindMemory(to: CChar.self).baseAddress!) }
    }
}

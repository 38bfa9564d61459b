/// The two ways in which protocol 0 writes text as a line.
enum PickleText {
    /// UNICODE: Latin-1 with `\u000a` and `\U0001F600` for what would not fit (Python's raw-unicode-escape).
    static func unicode(_ line: [UInt8]) -> String? {
        var scalars = String.UnicodeScalarView(), rest = line[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let kind = rest.first, kind | 32 == UInt8(ascii: "u") else {
                scalars.append(Unicode.Scalar(byte))
                continue
            }
            let width = kind == UInt8(ascii: "u") ? 4 : 8
            guard let code = hexadecimal(rest.dropFirst().prefix(width), width), let scalar = Unicode.Scalar(code)
            else {
                return nil
            }
            scalars.append(scalar)
            rest = rest.dropFirst(1 + width)
        }
        return String(scalars)
    }

    /// STRING: Python 2's `repr` of bytes, in single or double quotes.
    static func bytes(_ line: [UInt8]) -> [UInt8]? {
        guard line.count >= 2, let quote = line.first, quote == 39 || quote == 34, line.last == quote else {
            return nil
        }
        var bytes: [UInt8] = [], rest = line.dropFirst().dropLast()
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "x"):
                guard let code = hexadecimal(rest.prefix(2), 2) else { return nil }
                bytes.append(UInt8(code))
                rest = rest.dropFirst(2)
            case let other? where other == 39 || other == 34 || other == UInt8(ascii: "\\"): bytes.append(other)
            default: return nil
            }
        }
        return bytes
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>, _ width: Int) -> UInt32? {
        digits.count == width ? UInt32(String(decoding: digits, as: UTF8.self), radix: 16) : nil
    }
}

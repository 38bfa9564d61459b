import Foundation

/// A JSON document. Objects keep the order in which their members were written.
public enum JSONValue: Sendable {
    case string(String)
    case integer(Int)
    /// Seeds: 2⁶⁴ - 1 is written as such.
    case unsigned(UInt64)
    case number(Double)
    case boolean(Bool)
    case array([JSONValue])
    case object([(String, JSONValue)])
    case null

    /// Indented text. JSON has no infinities or NaN: they become null.
    public var text: String { text(indent: "") }

    /// A string as it is, everything else as JSON: for tables and comparisons that people read.
    public var plainText: String { if case .string(let value) = self { value } else { text } }

    /// The same for a page: six digits of a number, twelve of a hash, a dash for nothing.
    var shortText: String {
        switch self {
        case .number(let value) where value.isFinite: numberText(Double(String(format: "%.6g", value)) ?? value)
        case .string(let value) where value.utf8.count == 64 && value.allSatisfy(\.isHexDigit): "\(value.prefix(12))…"
        case .null: "–"
        default: plainText
        }
    }

    private func text(indent: String) -> String {
        switch self {
        case .string(let value): JSONValue.quoted(value)
        case .integer(let value): String(value)
        case .unsigned(let value): String(value)
        case .number(let value): value.isFinite ? numberText(value) : "null"
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        case .array(let values):
            "[" + values.map { $0.text(indent: indent + "  ") }.joined(separator: ", ") + "]"
        case .object(let members):
            members.isEmpty
                ? "{}"
                : "{\n"
                    + members.map { "\(indent)  \(JSONValue.quoted($0)): \($1.text(indent: indent + "  "))" }
                    .joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = String.UnicodeScalarView("\"".unicodeScalars)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result.append(contentsOf: "\\\"".unicodeScalars)
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result.append(
                    contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
            default: result.append(scalar)
            }
        }
        result.append("\"")
        return String(result)
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements) }
    public init(nilLiteral: ()) { self = .null }
}

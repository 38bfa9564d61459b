/// A JSON document. Objects keep the order in which their members were written.
public enum JSONValue: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    case string(String), integer(Int), number(Double), boolean(Bool), array([JSONValue]), object([(String, JSONValue)]),
        null

    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements) }
    public init(nilLiteral: ()) { self = .null }

    /// Indented text. JSON has no infinities or NaN: they become null.
    public var text: String { text(indent: "") }

    private func text(indent: String) -> String {
        switch self {
        case .string(let value): JSONValue.quoted(value)
        case .integer(let value): String(value)
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
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

import BilevelOptimization
import MethodCatalogue
import Reporting

/// What a setting may hold: how it is read from the command line and written as JSON.
package protocol SettingValue: Sendable {
    init?(written text: String)
    /// Reads the plain text of `json`.
    init?(recorded text: String)
    /// In place of `text`, which was not understood.
    static func expectation(for text: String) -> String
    var json: JSONValue { get }
    /// All that there are, where they can be listed.
    static var choices: String { get }
}

extension SettingValue {
    package init?(recorded text: String) { self.init(written: text) }
    package static var choices: String { "" }
}

/// Which values of its type a setting takes.
package struct SettingRule<Value>: Sendable {
    package let expectation: String
    package let allows: @Sendable (Value) -> Bool

    package init(_ expectation: String, _ allows: @escaping @Sendable (Value) -> Bool) {
        self.expectation = expectation
        self.allows = allows
    }

    package static var any: SettingRule { SettingRule("a value") { _ in true } }
}

extension SettingRule<Int> {
    /// The largest number of anything: two of them multiplied, and a million such products added, are still a number.
    package static let largestCount = 1_000_000_000

    package static let count = upTo(largestCount)
    /// More would not be started by any machine.
    package static let threads = upTo(1024)

    package static func upTo(_ limit: Int) -> SettingRule {
        SettingRule("a whole number from 1 to \(limit)") { 1...limit ~= $0 }
    }
}

extension SettingRule<Int?> {
    package static func upTo(_ limit: Int) -> SettingRule {
        SettingRule("a whole number from 1 to \(limit)") { value in value.map { 1...limit ~= $0 } ?? true }
    }
}

extension SettingRule<Double> {
    package static let positive = SettingRule("a positive number") { $0 > 0 && $0.isFinite }
    package static let notNegative = SettingRule("a number of at least 0") { $0 >= 0 && $0.isFinite }
    /// [0, 1).
    package static let share = SettingRule("a share of at least 0 and below 1") { $0 >= 0 && $0 < 1 }
}

extension SettingRule<Double?> {
    package static let notNegative = SettingRule("a number of at least 0") { value in
        value.map { $0 >= 0 && $0.isFinite } ?? true
    }
    package static let positive = SettingRule("a positive number") { value in
        value.map { $0 > 0 && $0.isFinite } ?? true
    }
    /// [0, 1).
    package static let share = SettingRule("a share of at least 0 and below 1") { value in
        value.map { $0 >= 0 && $0 < 1 } ?? true
    }
}

extension Int: SettingValue {
    package init?(written text: String) { self.init(text) }
    package static func expectation(for text: String) -> String { "a whole number expected" }
    package var json: JSONValue { .integer(self) }
}

extension UInt64: SettingValue {
    package init?(written text: String) { self.init(text) }
    package static func expectation(for text: String) -> String { "a whole number from 0 to \(UInt64.max) expected" }
    package var json: JSONValue { .unsigned(self) }
}

extension Double: SettingValue {
    package init?(written text: String) { self.init(text) }
    package static func expectation(for text: String) -> String { "a number expected" }
    package var json: JSONValue { .number(self) }
}

extension String: SettingValue {
    package init?(written text: String) { self = text }
    package static func expectation(for text: String) -> String { "text expected" }
    package var json: JSONValue { .string(self) }
}

/// What was not given is null.
extension Optional: SettingValue where Wrapped: SettingValue {
    package init?(written text: String) {
        guard let value = Wrapped(written: text) else { return nil }
        self = .some(value)
    }
    package init?(recorded text: String) {
        if text.isEmpty || text == "null" {
            self = Optional.none
        } else if let value = Wrapped(recorded: text) {
            self = Optional.some(value)
        } else {
            return nil
        }
    }
    package static func expectation(for text: String) -> String { Wrapped.expectation(for: text) }
    package var json: JSONValue { map(\.json) ?? .null }
    package static var choices: String { Wrapped.choices }
}

/// One of several names: an enumeration says `extension Name: NamedSetting {}`.
package protocol NamedSetting: SettingValue, RawRepresentable, CaseIterable where RawValue == String {}

extension NamedSetting {
    package init?(written text: String) { self.init(rawValue: text) }
    package static func expectation(for text: String) -> String {
        "one of \(choices) expected; nearest valid choice: \(nearestName(to: text, in: allCases.map(\.rawValue)))"
    }
    package static var choices: String { allCases.map(\.rawValue).joined(separator: ", ") }
    package var json: JSONValue { .string(rawValue) }
}

/// Where the lower level starts in methods that do not learn it.
package enum LowerStart: String, NamedSetting {
    /// The same in every upper iteration.
    case fixed
    /// The last y_K.
    case warm
}

extension MethodName: NamedSetting {}

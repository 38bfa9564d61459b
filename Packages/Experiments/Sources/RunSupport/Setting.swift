import ArgumentParser
import Reporting

/// A setting of an experiment, declared once: its name, what a person may write, what it means, how it stands in
/// `configuration.json`, and whether it decides the bits of a run. The option on the command line
/// (`Option.init(_:)`), the JSON and the comparison on `--resume` (`RunSettings`) are derived from it; its default is
/// that of the configuration's field.
///
/// swift-argument-parser finds the options of a command by the command's stored properties, so that a table alone
/// cannot make options: a command holds one property a setting, `@Option(Settings.lowerRate) var lowerRate`, without
/// a type, name, help or default of its own. The property's value is `Given`, an assignment to the field: a command
/// applies all that were given to a configuration, and no field is copied by hand.
package struct Setting<Configuration: ExperimentConfiguration>: Sendable {
    /// In camel case; the option is the same in kebab case.
    package let name: String
    package let decidesBits: Bool
    /// What checkpoints mean that were made before there was such a setting; nil where all have it.
    package let missing: JSONValue?
    package let json: @Sendable (Configuration) -> JSONValue
    /// What it means; the same with choices and default.
    private let about: String
    fileprivate var help: String
    fileprivate let parse: @Sendable (String) throws -> Given<Configuration>
    /// Reads what `json` wrote, as plain text: checkpoints keep settings so.
    package let restore: @Sendable (String) throws -> Given<Configuration>
    /// Without the two hyphens; another name that it goes by too.
    fileprivate let option: String, alias: String?

    /// - Parameters:
    ///   - option: where it is not the name in kebab case; `alias`: another that is taken too.
    ///   - default: in words, where it depends on other settings or on data.
    ///   - missing: what checkpoints mean that do not have it.
    ///   - decidesBits: false for what may be changed when a run goes on: how long, how often looked at, on how many
    ///     threads.
    package init<Value: SettingValue>(
        _ name: String, _ field: any WritableKeyPath<Configuration, Value> & Sendable,
        _ rule: SettingRule<Value> = .any, option: String? = nil, alias: String? = nil,
        default standard: String? = nil, missing: JSONValue? = nil, decidesBits: Bool = true, help: String
    ) {
        self.name = name
        self.missing = missing
        self.option = option ?? kebabCase(name)
        self.alias = alias
        about = help
        self.decidesBits = decidesBits
        json = { $0[keyPath: field].json }
        let known = Configuration.standard[keyPath: field].json.plainText, choices = Value.choices
        let notes = [choices, standard ?? (known.isEmpty || known == "null" ? "" : known)]
        self.help =
            notes[0].isEmpty && notes[1].isEmpty
            ? help
            : "\(help) (\(notes[0])\(notes.contains("") ? "" : "; ")\(notes[1].isEmpty ? "" : "default: \(notes[1])"))"
        @Sendable func assignment(_ value: Value?, _ text: String) throws -> Given<Configuration> {
            guard let value else { throw SettingError(Value.expectation(for: text)) }
            guard rule.allows(value) else { throw SettingError("\(rule.expectation) expected") }
            return Given { $0[keyPath: field] = value }
        }
        parse = { try assignment(Value(written: $0), $0) }
        restore = { try assignment(Value(recorded: $0), $0) }
    }

    /// The same in a command where it stands for something else when it is not given.
    package func standing(for standard: String) -> Setting {
        var setting = self
        setting.help = "\(about) (default: \(standard))"
        return setting
    }

    /// What is recorded and compared, and no option here.
    /// - Parameter missing: what checkpoints mean that do not have it.
    package init(
        recorded name: String, decidesBits: Bool = true, missing: JSONValue? = nil,
        _ json: @escaping @Sendable (Configuration) -> JSONValue
    ) {
        self.name = name
        self.decidesBits = decidesBits
        self.missing = missing
        self.json = json
        (about, help, option, alias) = ("", "", "", nil)
        restore = { _ in Given { _ in } }
        parse = { _ in throw SettingError("no option of that name expected") }
    }
}

private func kebabCase(_ name: String) -> String {
    let scalars = name.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
        scalar.properties.isUppercase ? ["-"] + scalar.properties.lowercaseMapping.unicodeScalars : [scalar]
    }
    return String(String.UnicodeScalarView(scalars))
}

/// The settings of an experiment as a value.
package protocol ExperimentConfiguration: Sendable {
    /// Every setting as it is when nothing is said.
    static var standard: Self { get }
}

/// A setting that was given: what it does to a configuration.
package struct Given<Configuration: ExperimentConfiguration>: Sendable {
    fileprivate let assign: @Sendable (inout Configuration) -> Void

    package func apply(to configuration: inout Configuration) { assign(&configuration) }
}

/// What was expected in place of a value on the command line; the parser says which option, and what came.
package struct SettingError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

extension Option {
    /// The option of a setting; nil where it was not given.
    package init<Configuration>(_ setting: Setting<Configuration>) where Value == Given<Configuration>? {
        self.init(
            name: NameSpecification(([setting.option] + [setting.alias].compactMap { $0 }).map { .customLong($0) }),
            parsing: .unconditional, help: ArgumentHelp(setting.help),
            transform: setting.parse)
    }
}

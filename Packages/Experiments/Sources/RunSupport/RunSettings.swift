import Reporting
import Tensors

/// The settings of one run as values: what `configuration.json` says, and what a run that goes on must have in common
/// with its earlier part.
package struct RunSettings: Sendable {
    private var members: [(name: String, value: JSONValue, decidesBits: Bool)]
    /// What checkpoints without a setting mean, by its name.
    private let missing: [String: String]

    package init<Configuration>(_ settings: [Setting<Configuration>], of configuration: Configuration) {
        members = settings.map { ($0.name, $0.json(configuration), $0.decidesBits) }
        missing = Dictionary(
            uniqueKeysWithValues: settings.compactMap { setting in
                setting.missing.map { (setting.name, $0.plainText) }
            })
    }

    /// With what is known beside the configuration: what the data hash to.
    package func adding(_ name: String, _ value: JSONValue, decidesBits: Bool = true) -> RunSettings {
        var result = self
        result.members.append((name, value, decidesBits))
        return result
    }

    package var json: JSONValue { .object(members.map { ($0.name, $0.value) }) }

    /// In words, by name; kept with every checkpoint.
    package var deciding: [String: String] {
        Dictionary(uniqueKeysWithValues: members.filter(\.decidesBits).map { ($0.name, $0.value.plainText) })
    }

    /// That a checkpoint was made with the same deciding settings; names the first that differs.
    /// - Parameter except: names that may differ.
    package func check(_ checkpoint: Checkpoint, file: String, except: Set<String> = []) throws(CheckpointError) {
        for (name, value) in deciding.sorted(by: { $0.key < $1.key }) where !except.contains(name) {
            let earlier = checkpoint.notes[name] ?? missing[name]
            if earlier != value {
                throw CheckpointError(expected: "\(name) \(value)", got: earlier ?? "none", file: file)
            }
        }
    }
}

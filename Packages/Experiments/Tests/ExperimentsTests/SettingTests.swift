import ArgumentParser
import Foundation
import Reporting
import RunSupport
import Testing

/// A table of two settings, as experiments have one.
private struct Example: ExperimentConfiguration {
    static let standard = Example()
    var lowerRate = 0.5
    var seed: UInt64 = 0
    var hidden: Int?
    var threads = 1

    static let lowerRateSetting = Setting<Example>("lowerRate", \.lowerRate, .positive, help: "Step size.")
    static let seedSetting = Setting<Example>("seed", \.seed, help: "Seed.")
    static let hiddenSetting = Setting<Example>("hidden", \.hidden, .upTo(9), default: "by the data", help: "Width.")
    static let threadsSetting = Setting<Example>("threads", \.threads, .count, decidesBits: false, help: "Threads.")
    static let all = [lowerRateSetting, seedSetting, hiddenSetting, threadsSetting]
}

private struct Command: ParsableCommand {
    @Option(Example.lowerRateSetting) var lowerRate
    @Option(Example.seedSetting) var seed
    @Option(Example.hiddenSetting) var hidden
    @Option(Example.threadsSetting) var threads

    var settings: Example {
        var settings = Example()
        for given in [lowerRate, seed, hidden, threads] { given?.apply(to: &settings) }
        return settings
    }
}

@Suite struct SettingTests {
    @Test func optionsAreThoseOfTheTable() throws {
        let settings = try Command.parse(["--lower-rate", "0.25", "--seed", "18446744073709551615"]).settings
        #expect(settings.lowerRate == 0.25 && settings.seed == .max && settings.hidden == nil && settings.threads == 1)
        let help = Command.helpMessage()
        for text in ["--lower-rate", "(default: 0.5)", "(default: by the data)"] { #expect(help.contains(text)) }
    }

    @Test(arguments: [
        (["--lower-rate=-1"], "a positive number expected"), (["--lower-rate=nan"], "a positive number expected"),
        (["--seed=-1"], "a whole number from 0 to 18446744073709551615 expected"),
        (["--threads=0"], "a whole number from 1 to"), (["--threads=9223372036854775807"], "from 1 to 1000000000"),
        (["--threads=99999999999999999999"], "a whole number expected"), (["--hidden=x"], "a whole number expected"),
    ])
    func whatASettingDoesNotTakeIsAnUsageError(_ arguments: [String], _ expected: String) {
        do {
            _ = try Command.parse(arguments)
            Issue.record("\(arguments) taken")
        } catch {
            let message = Command.message(for: error)
            #expect(Command.exitCode(for: error) == .validationFailure && message.contains(expected), "\(message)")
        }
    }

    @Test func theTableMakesJSONAndTheComparison() throws {
        var example = Example()
        example.seed = .max
        let settings = RunSettings(Example.all, of: example).adding("dataHash", "abc")
        #expect(
            settings.json.text
                == """
                {
                  "lowerRate": 0.5,
                  "seed": 18446744073709551615,
                  "hidden": null,
                  "threads": 1,
                  "dataHash": "abc"
                }
                """)
        #expect(
            settings.deciding
                == ["lowerRate": "0.5", "seed": "18446744073709551615", "hidden": "null", "dataHash": "abc"])
    }

    @Test func whatWasRecordedIsReadBack() throws {
        var example = Example(), copy = Example()
        (example.lowerRate, example.hidden, copy.hidden) = (0.1, nil, 3)
        for setting in Example.all {
            let text = setting.json(example).plainText
            try setting.restore(text).apply(to: &copy)
        }
        #expect(copy.lowerRate == 0.1 && copy.hidden == nil)
    }
}

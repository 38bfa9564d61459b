import ArgumentParser
import Foundation
import Reporting
import RunSupport
import Tensors
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

    @Test(arguments: [
        ("800MiB", 800 << 20), ("2GiB", 2 << 30), ("2 gib", 2 << 30), ("1.5GiB", 3 << 29), ("1000000", 1_000_000),
        ("64kb", 64_000), ("3B", 3), ("1TiB", 1 << 40), ("0.1KiB", 103), ("1024TiB", 1 << 50),
    ])
    func sizesOfMemoryAreRead(_ text: String, _ byteCount: Int) {
        #expect(MemorySize(written: text)?.byteCount == byteCount)
    }

    @Test(arguments: [
        "", "MiB", "0", "0MiB", "-1MiB", "+5", "1e3", "nan", "inf", "1..5GiB", "8M", "8MiBs", "1025TiB", "1 2",
        "8\u{301}",
        "99999999999999999999999", "0x10", "１MiB", ".", "1GiB ",
    ])
    func whatIsNoSizeOfMemoryIsRefused(_ text: String) { #expect(MemorySize(written: text) == nil) }

    /// What an error recommends can be typed, and is enough.
    @Test(arguments: [1, 1023, 1024, 1025, 1_048_576, 1_048_577, 24_532_111, 1 << 40, (1 << 40) + 1, 1_126_400])
    func aSizeThatIsShownIsNotLess(_ byteCount: Int) {
        let shown = MemorySize(byteCount: byteCount).description, read = MemorySize(written: shown)?.byteCount ?? 0
        #expect(read >= byteCount && Double(read) <= Double(byteCount) * 1.1, "\(shown)")
    }

    /// A checkpoint from before a setting existed means the only thing that there was.
    @Test func aSettingThatCameLaterHindersNoResume() throws {
        let later = Setting<Example>(recorded: "later", missing: false) { .boolean($0.seed == 1) }
        func check(_ seed: UInt64, _ notes: [String: String]) throws {
            var example = Example()
            example.seed = seed
            try RunSettings([later], of: example).check(Checkpoint(notes: notes), file: "a")
        }
        try check(0, [:])
        try check(1, ["later": "true"])
        #expect { try check(1, [:]) } throws: { "\($0)" == "a: a checkpoint of later true expected, got false" }
        #expect { try check(0, ["later": "true"]) } throws: { "\($0)".hasSuffix("later false expected, got true") }
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

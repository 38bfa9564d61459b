import Foundation
import Testing

/// The commands as processes: their descriptors, their signals, two at once. Built beside the tests.
@Suite struct CommandTests {
    private let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("command-\(UUID().uuidString)")
        .path

    /// Starts a line of the shell in which $numerical, $few and $out stand for commands and a folder.
    private func start(_ line: String) throws -> Process {
        let place = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.environment = ["numerical": "\(place)/numerical-example", "few": "\(place)/few-shot", "out": scratch]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func status(_ line: String) throws -> Int32 {
        let process = try start(line)
        process.waitUntilExit()
        return process.terminationStatus
    }

    private func text(_ name: String) -> String {
        (try? String(contentsOfFile: "\(scratch)/\(name)", encoding: .utf8)) ?? ""
    }

    private static let short =
        "exec $numerical --problem quadratic --method rhg --outer-iterations 30 --output $out/run"
    /// Runs until it is told to stop.
    private static let endless =
        "exec $numerical --problem quadratic --dimension 50000 --method rhg --outer-iterations 1000000 "
        + "--output $out/run"

    @Test(arguments: ["2>/dev/full", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full"])
    func aRunOutlivesItsOutput(_ redirection: String) throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        #expect(try status("\(Self.short) \(redirection)") == 0)
        let lines = text("run/metrics.csv").split(separator: "\n")
        #expect(lines.count == 31 && lines.allSatisfy { $0.split(separator: ",").count == 11 })
        #expect(text("run/report.html").hasSuffix("</html>\n"))
    }

    /// Nobody reads the pipe any more.
    @Test func aRunOutlivesItsReader() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let run = "$numerical --problem quadratic --method rhg --outer-iterations 30 --output $out/run 2>&1"
        // The last command of the pipe ends at once; the run's status comes when it comes.
        _ = try status(
            "mkdir -p $out; ({ \(run); }; echo $? >$out/status) | true; until [ -s $out/status ]; do :; done")
        #expect(text("status") == "0\n" && text("run/metrics.csv").split(separator: "\n").count == 31)
    }

    @Test func ofTwoRunsAtOnceOneIsRefused() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let runs = try [start(Self.short), start(Self.short)]
        runs.forEach { $0.waitUntilExit() }
        #expect(runs.map(\.terminationStatus).sorted() == [0, 2])
        #expect(text("run/metrics.csv").split(separator: "\n").count == 31)
    }

    private func waitForRows() throws {
        while text("run/metrics.csv").split(separator: "\n").count < 3 { usleep(2_000) }
    }

    @Test(arguments: [SIGINT, SIGTERM]) func aSignalEndsARunWithItsReport(_ number: Int32) throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let run = try start(Self.endless)
        try waitForRows()
        kill(run.processIdentifier, number)
        run.waitUntilExit()
        #expect(run.terminationStatus == 0 && run.terminationReason == .exit)
        #expect(text("run/summary.json").contains("a signal, after "))
    }

    /// The second signal ends the process whatever it does; the checkpoint that was there before is whole.
    @Test func aSecondSignalLeavesTheLastCheckpoint() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let run = try start(
            "exec $few train --dataset glyphs --hidden 8 --meta-iterations 2 --validate-every 1 "
                + "--validation-episodes 1000000 --output $out/run")
        while text("run/configuration.json").isEmpty { usleep(2_000) }
        while !FileManager.default.fileExists(atPath: "\(scratch)/run/last.safetensors") { usleep(2_000) }
        while run.isRunning {
            kill(run.processIdentifier, SIGINT)
            usleep(200_000)
        }
        run.waitUntilExit()
        #expect(run.terminationReason == .uncaughtSignal)
        #expect(
            try status("exec $few evaluate --checkpoint $out/run/last.safetensors --episodes 2 --output $out/a.csv")
                == 0)
        // Nothing is overwritten.
        #expect(text("a.csv").hasPrefix("episode,accuracy\n0,"))
        #expect(
            try status("exec $few evaluate --checkpoint $out/run/last.safetensors --episodes 2 --output $out/a.csv")
                == 2)
    }

    /// A head that is solved serves episodes of any form; a learned start is for its own ways, of any shots.
    @Test func evaluationTakesOtherEpisodesWhereTheHeadAllows() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        for (method, expected) in [("prototypes", Int32(0)), ("iaptt-gm", 2)] {
            let train = "exec $few train --dataset glyphs --hidden 8 --meta-iterations 1 --method \(method)",
                evaluate = "exec $few evaluate --episodes 2 --checkpoint $out/\(method)/last.safetensors"
            #expect(
                try status("\(train) --validation-episodes 2 --test-episodes 2 --output $out/\(method)") == 0)
            #expect(try status("\(evaluate) --shots 2 --queries 3 --inner-iterations 3 >$out/shots") == 0)
            #expect(text("shots").contains("(5-way 2-shot, 2 episodes "))
            #expect(try status("\(evaluate) --ways 7 >$out/ways 2>$out/complaint") == expected)
            #expect(text(expected == 0 ? "ways" : "complaint").contains(expected == 0 ? "(7-way 1-shot" : "7 ways"))
            #expect(text("complaint").split(separator: "\n").count == (expected == 0 ? 0 : 1))
        }
    }

    @Test(arguments: [
        ("$numerical --outer-iterations 9223372036854775807", 64),
        ("$numerical --dimension 100000000 --method rhg", 64),
        ("$numerical --inner-iterations 1000000000 --dimension 1000 --method rhg", 64),
        ("$few train --dataset glyphs --shots 9223372036854775807", 64),
        ("$few train --dataset glyphs --ways 999999", 2),
        ("$few train --dataset glyphs --memory-budget 8M", 64),
        ("$few train --dataset glyphs --memory-budget 1KiB", 64),
        ("$few train --dataset glyphs --memory-budget 1024TiB", 64),
        ("$few train --dataset glyphs --hidden 1000000", 64), ("$few train --dataset glyphs --threads 1000000", 64),
        ("$few train --dataset folder --data /nowhere", 2),
    ])
    func whatCannotBeIsRefused(_ line: String, _ expected: Int32) throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        #expect(try status("exec \(line) --output $out/run") == expected)
        #expect(!FileManager.default.fileExists(atPath: scratch))
    }

    /// A step size of 3 makes the Neumann series diverge.
    @Test func aFailedAdjointIsAcceptedWhereAsked() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let run = "exec $numerical --method ns --lower-rate 3 --start=1,2 --outer-iterations 5"
        #expect(try status("\(run) --output $out/refused") == 0)
        #expect(text("refused/summary.json").contains("linear system"))
        #expect(try status("\(run) --accept-failed-adjoint --output $out/accepted") == 0)
        #expect(text("accepted/metrics.csv").split(separator: "\n").count == 6)
        #expect(text("accepted/configuration.json").contains("\"acceptFailedAdjoint\": true"))
    }

    @Test func theLargestSeedIsWrittenAsSuch() throws {
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        #expect(try status("\(Self.short) --seed 18446744073709551615") == 0)
        #expect(text("run/configuration.json").contains("\"seed\": 18446744073709551615"))
    }
}

import Foundation
import Testing

@testable import Reporting

@Suite struct MetricsFileTests {
    private let columns = ["iteration", "loss", "f1"]

    private func write(_ rows: [MetricsRow], in scratch: Scratch) throws {
        let folder = try RunFolder(path: scratch.path), metrics = try MetricsFile(in: folder, columns: columns)
        try folder.writeJSON([:], to: "configuration.json")
        for row in rows { try metrics.append(row) }
    }

    private func read(_ count: Int, in scratch: Scratch) throws -> [MetricsRow] {
        try MetricsFile(resuming: RunFolder(resuming: scratch.path), columns: columns, count: count).earlierRows
    }

    @Test func metricsReachTheDiskRowByRow() throws {
        let scratch = Scratch()
        try write(
            [
                ["iteration": 1, "loss": 0.1, "f1": nil], ["iteration": 2, "loss": 1e-20, "f1": .nan],
                ["iteration": 3, "loss": -0.5, "f1": -.infinity],
            ], in: scratch)
        #expect(try scratch.text("metrics.csv") == "iteration,loss,f1\n1,0.1,\n2,1e-20,nan\n3,-0.5,-inf\n")
        let rows = try read(3, in: scratch)
        #expect(rows[1].number("loss") == 1e-20 && rows[1].number("f1").isNaN && rows[0]["f1"] == nil)
        #expect(rows[2].integer("iteration") == 3 && rows[2].integer("loss") == nil)
    }

    /// As a spreadsheet saves it: a byte-order mark, CR LF, quotes.
    @Test(arguments: ["\r\n", "\n", "\r"]) func rowsSavedBySpreadsheetsAreRead(_ end: String) throws {
        let scratch = Scratch()
        try write([["iteration": 1, "loss": 0.1, "f1": nil], ["iteration": 2, "loss": 0.2, "f1": 1]], in: scratch)
        try scratch.write(
            "\u{FEFF}" + ["iteration,loss,f1", "1,0.1,", "2,\"0.2\",1", ""].joined(separator: end), to: "metrics.csv")
        #expect(try read(2, in: scratch).map(\.values) == [[1, 0.1, nil], [2, 0.2, 1]])
        #expect(try scratch.text("metrics.csv") == "iteration,loss,f1\n1,0.1,\n2,0.2,1\n")
    }

    @Test func rowsBehindTheCheckpointAreDroppedAndLostOnesAreErrors() throws {
        let scratch = Scratch()
        try write([["iteration": 1, "loss": 0.1, "f1": nil], ["iteration": 2, "loss": 0.2, "f1": 1]], in: scratch)
        try scratch.write("iteration,loss,f1\n1,0.1,\n2,0.2", to: "metrics.csv")  // killed within a row
        #expect(throws: ReportingError.missingRows(file: "\(scratch.path)/metrics.csv", expected: 2, found: 1)) {
            _ = try read(2, in: scratch)
        }
        #expect(try read(1, in: scratch).map(\.values) == [[1, 0.1, nil]])
        try scratch.write("iteration,loss,f1\n1,what?,\n2,0.2,1\n", to: "metrics.csv")
        #expect {
            _ = try read(2, in: scratch)
        } throws: {
            "\($0)".hasSuffix("metrics.csv, line 2: a number or nothing for loss expected, got 'what?'")
        }
        try scratch.write("iteration;loss;f1\n1;0,1;\n", to: "metrics.csv")
        #expect(throws: ReportingError.self) { _ = try read(1, in: scratch) }
    }

    @Test func metricsAreEventsToo() throws {
        let scratch = Scratch()
        func size() throws -> Int {
            try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/events.out.tfevents.bilevel")).count
        }
        func begin() throws -> (empty: Int, one: Int, two: Int) {
            let folder = try RunFolder(path: scratch.path)
            try folder.writeJSON([:], to: "configuration.json")
            let metrics = try MetricsFile(
                in: folder, columns: ["iteration", "loss"], events: .step(column: "iteration"))
            let empty = try size()
            try metrics.append(["iteration": 1, "loss": 0.1])
            let one = try size()
            try metrics.append(["iteration": 2, "loss": 0.2])
            return (empty, one, try size())
        }
        let sizes = try begin()
        #expect(sizes.two - sizes.one == sizes.one - sizes.empty && sizes.one > sizes.empty)
        // The row that is dropped leaves the events too.
        let resumed = try MetricsFile(
            resuming: RunFolder(resuming: scratch.path), columns: ["iteration", "loss"], count: 1,
            events: .step(column: "iteration"))
        #expect(try size() == sizes.one && resumed.earlierRows.map(\.values) == [[1, 0.1]])
    }

    /// The cells are read back by the same rules; a spreadsheet takes none of them for a formula.
    @Test func cellsSurviveQuotingAndAreNoFormulas() {
        let cells = ["a,b", "say \"so\"", "two\r\nlines", "é\u{301},\u{301}", "-1.5", "+1e3", "plain", "", ",\u{301}"]
        let rows = CSV.rows(of: Array(CSV.text([cells, cells]).utf8))
        #expect(
            rows.count == 2
                && rows.allSatisfy { row in
                    row.cells.count == cells.count
                        && zip(row.cells, cells).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
                })
        #expect(CSV.line(["=1+1", "@a", "-x", "+y", "\tz"]) == "'=1+1,'@a,'-x,'+y,'\tz")
    }
}

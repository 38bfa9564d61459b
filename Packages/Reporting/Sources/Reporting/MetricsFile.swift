import Foundation

/// `metrics.csv`: the header at once, then rows that reach the disk before the run goes on; and the same as TensorBoard
/// events.
public final class MetricsFile {
    /// The rows of an earlier run that this one goes on with.
    public let earlierRows: [MetricsRow]
    private let folder: RunFolder
    private let handle: FileHandle
    private let path: String
    private let columns: [String]
    private let events: Events
    private var eventFiles: [String: EventFile] = [:]

    /// Where rows are written as events.
    public enum Events: Sendable {
        case none
        /// One file; the column is the step.
        case step(column: String)
        /// A file for each of several runs in one table: a column holds the run's number.
        case runs(step: String, column: String, names: [String])
    }

    /// Begins the file anew.
    public convenience init(in folder: RunFolder, columns: [String], events: Events = .none) throws(ReportingError) {
        try self.init(folder, columns, [], events)
    }

    /// Goes on with the first `count` rows of an earlier run: those behind them came after its checkpoint, and come
    /// again. A spreadsheet may have saved them anew, with a byte-order mark and CR LF.
    public convenience init(resuming folder: RunFolder, columns: [String], count: Int, events: Events = .none)
        throws(ReportingError)
    {
        try self.init(folder, columns, MetricsFile.rows(of: "\(folder.path)/metrics.csv", columns, count), events)
    }

    private init(_ folder: RunFolder, _ columns: [String], _ rows: [MetricsRow], _ events: Events)
        throws(ReportingError)
    {
        self.folder = folder
        self.columns = columns
        self.events = events
        earlierRows = rows
        path = "\(folder.path)/metrics.csv"
        try folder.write(CSV.text([columns] + rows.map(MetricsFile.cells)), to: "metrics.csv")
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw .notWritten(file: path, reason: "it cannot be opened")
        }
        handle.seekToEndOfFile()
        self.handle = handle
        if case .step = events { eventFiles[""] = try EventFile(in: folder) }
        for row in rows { try appendEvent(row) }
    }

    /// - Parameter row: of the file's columns, in their order.
    public func append(_ row: MetricsRow, file: StaticString = #fileID, line: UInt = #line) throws(ReportingError) {
        require(
            row.columns == columns, "metrics: the columns \(columns) expected, got \(row.columns)", file: file,
            line: line)
        do { try handle.write(contentsOf: Data((CSV.line(MetricsFile.cells(row)) + "\n").utf8)) } catch {
            throw .notWritten(file: path, reason: "a row is lost (disk full?)")
        }
        try appendEvent(row)
    }

    private static func cells(_ row: MetricsRow) -> [String] { row.values.map { $0.map(numberText) ?? "" } }

    // MARK: Reading back

    private static func rows(of path: String, _ columns: [String], _ count: Int) throws(ReportingError) -> [MetricsRow]
    {
        guard let data = FileManager.default.contents(atPath: path) else {
            // A run that was killed before its first row may not have come to the header.
            if count == 0 { return [] }
            throw .notRead(file: path, reason: "the rows of an earlier run are missing")
        }
        let rows = CSV.rows(of: Array(data))
        if let header = rows.first, header.isWhole, header.cells != columns {
            throw .wrongColumns(
                file: path, expected: columns.joined(separator: ","), found: header.cells.joined(separator: ","))
        }
        let body = rows.dropFirst().prefix(count)
        var result: [MetricsRow] = []
        for row in body {
            guard row.cells.count == columns.count else {
                if !row.isWhole { break }
                throw .damagedRow(
                    file: path, line: row.line, expected: "\(columns.count) cells",
                    found: row.cells.joined(separator: ","))
            }
            var values: [Double?] = []
            for (column, cell) in zip(columns, row.cells) {
                guard cell.isEmpty || Double(cell) != nil else {
                    throw .damagedRow(
                        file: path, line: row.line, expected: "a number or nothing for \(column)", found: cell)
                }
                values.append(Double(cell))
            }
            result.append(MetricsRow(columns: columns, values: values))
        }
        guard result.count == count else { throw .missingRows(file: path, expected: count, found: result.count) }
        return result
    }

    // MARK: Events

    private func appendEvent(_ row: MetricsRow) throws(ReportingError) {
        let step: String, name: String, left: [String]
        switch events {
        case .none: return
        case .step(let column): (step, name, left) = (column, "", [column])
        case .runs(let column, let run, let names):
            guard let number = row.integer(run), names.indices.contains(number) else { return }
            (step, name, left) = (column, names[number], [column, run])
        }
        guard let number = row.integer(step) else { return }
        if eventFiles[name] == nil { eventFiles[name] = try EventFile(in: folder, run: name) }
        try eventFiles[name]?.append(
            step: number, zip(columns, row.values).filter { !left.contains($0.0) }.map { (tag: $0.0, value: $0.1) })
    }
}

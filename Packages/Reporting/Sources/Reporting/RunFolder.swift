import Foundation

/// Why a report cannot be written, in one line.
public struct ReportingError: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// The folder of one run. Files appear whole or not at all; `metrics.csv` grows by whole rows.
public struct RunFolder: Sendable {
    public let path: String

    /// Creates the folder. Refuses one that holds something already: nothing is overwritten, and a run's folder holds
    /// nothing else.
    public init(path: String) throws(ReportingError) {
        if let names = try? FileManager.default.contentsOfDirectory(atPath: path), let first = names.min() {
            throw ReportingError(
                "output \(path): an empty or new folder expected, it holds \(names.contains("configuration.json") ? "a run already" : first)"
            )
        }
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw ReportingError("output \(path): a folder that can be created expected, it cannot")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw ReportingError("output \(path): a writable folder expected, it is not")
        }
        self.path = path
    }

    /// The folder of a run that is to go on.
    public init(resuming path: String) throws(ReportingError) {
        guard FileManager.default.fileExists(atPath: "\(path)/configuration.json") else {
            throw ReportingError("output \(path): the folder of a run expected to go on with, it holds none")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw ReportingError("output \(path): a writable folder expected, it is not")
        }
        self.path = path
    }

    /// Writes to a temporary file and renames it.
    public func write(_ text: String, to name: String) throws(ReportingError) {
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"), options: .atomic) } catch {
            throw ReportingError("\(path)/\(name): the file cannot be written (disk full, or the folder is gone)")
        }
    }

    public func writeJSON(_ value: JSONValue, to name: String) throws(ReportingError) {
        try write(value.text + "\n", to: name)
    }
}

/// `metrics.csv`: the header at once, then rows that reach the disk before the run goes on.
public final class MetricsFile {
    private let handle: FileHandle
    private let columns: [String]
    private let events: EventFile?
    /// The rows of an earlier run that this one goes on with.
    public let earlierRows: [[Double?]]
    private let path: String

    /// - Parameter withEvents: also writes every row as TensorBoard events; the first column is the step.
    public convenience init(in folder: RunFolder, columns: [String], withEvents: Bool = false) throws(ReportingError) {
        try self.init(in: folder, columns: columns, rows: [], withEvents)
    }

    /// Goes on with the rows of an earlier run whose first column is at most `last`: those after its checkpoint come
    /// again.
    public convenience init(resuming folder: RunFolder, columns: [String], withEvents: Bool = false, upTo last: Int)
        throws(ReportingError)
    {
        guard let text = try? String(contentsOfFile: "\(folder.path)/metrics.csv", encoding: .utf8) else {
            throw ReportingError(
                "\(folder.path)/metrics.csv: the rows of an earlier run expected, the file cannot be read")
        }
        // The last row may have been cut off by whatever ended the run.
        let whole = text.split(separator: "\n").dropFirst().filter {
            $0.split(separator: ",", omittingEmptySubsequences: false).count == columns.count
        }
        try self.init(
            in: folder, columns: columns, rows: whole.filter { (Int($0.prefix { $0 != "," }) ?? .max) <= last },
            withEvents)
    }

    private init(in folder: RunFolder, columns: [String], rows: [Substring], _ withEvents: Bool) throws(ReportingError)
    {
        try folder.write(
            ([columns.joined(separator: ",")[...]] + rows).joined(separator: "\n") + "\n", to: "metrics.csv")
        path = "\(folder.path)/metrics.csv"
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw ReportingError("\(path): the file cannot be opened for writing")
        }
        handle.seekToEndOfFile()
        self.handle = handle
        self.columns = columns
        events = withEvents ? try EventFile(in: folder) : nil
        earlierRows = rows.map { row in row.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) } }
        for row in earlierRows { try appendEvent(row) }
    }

    /// One value a column; nil leaves the cell empty.
    public func append(_ row: [Double?]) throws(ReportingError) {
        precondition(row.count == columns.count, "metrics: \(row.count) values for \(columns.count) columns")
        let line = row.map { $0.map(numberText) ?? "" }.joined(separator: ",") + "\n"
        do { try handle.write(contentsOf: Data(line.utf8)) } catch {
            throw ReportingError("\(path): a row cannot be written (disk full?)")
        }
        try appendEvent(row)
    }

    private func appendEvent(_ row: [Double?]) throws(ReportingError) {
        guard let events, let step = row[0] else { return }
        try events.append(step: Int(step), zip(columns, row).dropFirst().map { ($0, $1) })
    }
}

/// The shortest text that reads back as the same number; whole numbers without a fraction.
public func numberText(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
}

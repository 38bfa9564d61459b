import Foundation

/// Why a report cannot be written, in one line.
public struct ReportingError: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// The folder of one run. Files appear whole or not at all; `metrics.csv` grows by whole rows.
public struct RunFolder: Sendable {
    public let path: String

    /// Creates the folder. Refuses one that holds a run already: results are not overwritten.
    public init(path: String) throws(ReportingError) {
        if FileManager.default.fileExists(atPath: "\(path)/configuration.json") {
            throw ReportingError("output \(path): an empty or new folder expected, it holds a run already")
        }
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw ReportingError("output \(path): a folder that can be created expected, it cannot")
        }
        guard FileManager.default.isWritableFile(atPath: path) else { throw ReportingError("output \(path): a writable folder expected, it is not") }
        self.path = path
    }

    /// The folder of a run that is to go on.
    public init(resuming path: String) throws(ReportingError) {
        guard FileManager.default.fileExists(atPath: "\(path)/configuration.json") else {
            throw ReportingError("output \(path): the folder of a run expected to go on with, it holds none")
        }
        guard FileManager.default.isWritableFile(atPath: path) else { throw ReportingError("output \(path): a writable folder expected, it is not") }
        self.path = path
    }

    /// Writes to a temporary file and renames it.
    public func write(_ text: String, to name: String) throws(ReportingError) {
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"), options: .atomic) } catch {
            throw ReportingError("\(path)/\(name): the file cannot be written (disk full, or the folder is gone)")
        }
    }

    public func writeJSON(_ value: JSONValue, to name: String) throws(ReportingError) { try write(value.text + "\n", to: name) }
}

/// `metrics.csv`: the header at once, then rows that reach the disk before the run goes on.
public final class MetricsFile {
    private let handle: FileHandle
    private let columnCount: Int
    /// The rows of an earlier run that this one goes on with.
    public let earlierRows: [[Double?]]
    private let path: String

    public convenience init(in folder: RunFolder, columns: [String]) throws(ReportingError) {
        try self.init(in: folder, columns: columns, rows: [])
    }

    /// Goes on with the rows of an earlier run that `keeps` accepts.
    public convenience init(resuming folder: RunFolder, columns: [String], keeps: (Substring) -> Bool) throws(ReportingError) {
        guard let text = try? String(contentsOfFile: "\(folder.path)/metrics.csv", encoding: .utf8) else {
            throw ReportingError("\(folder.path)/metrics.csv: the rows of an earlier run expected, the file cannot be read")
        }
        // The last row may have been cut off by whatever ended the run.
        let whole = text.split(separator: "\n").dropFirst().filter { $0.split(separator: ",", omittingEmptySubsequences: false).count == columns.count }
        try self.init(in: folder, columns: columns, rows: whole.filter(keeps))
    }

    private init(in folder: RunFolder, columns: [String], rows: [Substring]) throws(ReportingError) {
        try folder.write(([columns.joined(separator: ",")[...]] + rows).joined(separator: "\n") + "\n", to: "metrics.csv")
        path = "\(folder.path)/metrics.csv"
        guard let handle = FileHandle(forWritingAtPath: path) else { throw ReportingError("\(path): the file cannot be opened for writing") }
        handle.seekToEndOfFile()
        self.handle = handle
        columnCount = columns.count
        earlierRows = rows.map { row in row.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) } }
    }

    /// One value a column; nil leaves the cell empty.
    public func append(_ row: [Double?]) throws(ReportingError) {
        precondition(row.count == columnCount, "metrics: \(row.count) values for \(columnCount) columns")
        let line = row.map { $0.map(numberText) ?? "" }.joined(separator: ",") + "\n"
        do { try handle.write(contentsOf: Data(line.utf8)) } catch { throw ReportingError("\(path): a row cannot be written (disk full?)") }
    }
}

/// The shortest text that reads back as the same number; whole numbers without a fraction.
public func numberText(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
}

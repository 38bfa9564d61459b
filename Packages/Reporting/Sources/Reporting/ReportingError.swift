/// Why a report cannot be written or read, in one line.
public enum ReportingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A new run needs a folder of its own: nothing is overwritten.
    case holdsSomething(folder: String, what: String)
    /// Another process writes into the folder.
    case isInUse(folder: String)
    /// A folder that cannot be created, opened or written into.
    case notUsable(folder: String, reason: String)
    /// A run is to go on, but the folder holds something else.
    case noRun(folder: String, what: String)
    case notWritten(file: String, reason: String)
    case exists(file: String)
    case notRead(file: String, reason: String)
    /// Rows that a checkpoint speaks of and that the file has lost.
    case missingRows(file: String, expected: Int, found: Int)
    case wrongColumns(file: String, expected: String, found: String)
    case damagedRow(file: String, line: Int, expected: String, found: String)

    public var description: String {
        switch self {
        case .holdsSomething(let folder, let what):
            "output \(folder): an empty or new folder expected, it holds \(what)"
        case .isInUse(let folder):
            "output \(folder): a folder that no other run writes into expected, another run does"
        case .notUsable(let folder, let reason):
            "output \(folder): a folder that can be created and written into expected: \(reason)"
        case .noRun(let folder, let what):
            "output \(folder): the folder of a run expected to go on with, it holds none but \(what)"
        case .notWritten(let file, let reason): "\(file): a file that can be written expected: \(reason)"
        case .exists(let file): "\(file): no file of that name expected yet: nothing is overwritten"
        case .notRead(let file, let reason): "\(file): a file that can be read expected: \(reason)"
        case .missingRows(let file, let expected, let found):
            "\(file): the \(expected) rows that the checkpoint goes on from expected, got \(found)"
        case .wrongColumns(let file, let expected, let found):
            "\(file): the columns \(expected) expected, got \(found)"
        case .damagedRow(let file, let line, let expected, let found):
            "\(file), line \(line): \(expected) expected, got '\(found)'"
        }
    }
}

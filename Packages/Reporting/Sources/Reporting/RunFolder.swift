import Foundation

/// The folder of one run. Files appear whole or not at all; `metrics.csv` grows by whole rows.
///
/// As long as this value lives, its process alone writes into the folder: the folder itself is locked (`flock`), and
/// the system takes the lock back however the process ends.
public final class RunFolder: Sendable {
    /// As it was given.
    public let path: String
    /// Whether a run has begun in it before.
    public let isBegun: Bool
    private let descriptor: Int32

    /// Creates the folder. Refuses one that holds something already: nothing is overwritten, and a run's folder holds
    /// nothing else.
    public convenience init(path: String) throws(ReportingError) { try self.init(locking: path, resumes: false) }

    /// The folder of a run that is to go on. One that is missing or empty is that of a run that was ended before its
    /// first file: it begins.
    public convenience init(resuming path: String) throws(ReportingError) {
        try self.init(locking: path, resumes: true)
    }

    private init(locking path: String, resumes: Bool) throws(ReportingError) {
        self.path = path
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw .notUsable(folder: path, reason: "it cannot be created")
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .notUsable(folder: path, reason: Self.reason) }
        self.descriptor = descriptor
        // A file system without locks is not a reason to refuse a run.
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { throw .isInUse(folder: path) }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        // What a process was writing when it was killed is nobody's.
        let first = names.filter { !($0.hasPrefix(".") && $0.hasSuffix(".partial")) }.min()
        isBegun = names.contains("configuration.json")
        if let first, !(resumes && isBegun) {
            throw resumes
                ? .noRun(folder: path, what: first)
                : .holdsSomething(folder: path, what: isBegun ? "a run already" : first)
        }
        guard access(path, W_OK) == 0 else { throw .notUsable(folder: path, reason: Self.reason) }
    }

    deinit { close(descriptor) }

    /// Writes beside the place and renames.
    public func write(_ text: String, to name: String) throws(ReportingError) {
        try write(Array(text.utf8), to: name)
    }

    /// Writes a file of the folder: whole, or not at all.
    public func write(_ bytes: [UInt8], to name: String) throws(ReportingError) {
        try Self.write(bytes, to: "\(path)/\(name)", beside: "\(path)/.\(name).partial", replaces: true)
    }

    /// Writes a value as JSON: whole, or not at all.
    public func writeJSON(_ value: JSONValue, to name: String) throws(ReportingError) {
        try write(value.text + "\n", to: name)
    }

    /// A file outside of any run's folder, whole or not at all; refuses one that is there.
    public static func writeNew(_ text: String, to path: String) throws(ReportingError) {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let folder = parts.dropLast().map { String(Substring($0)) + "/" }.joined()
        let beside = "\(folder).\(parts.last.map { String(Substring($0)) } ?? "").\(getpid()).partial"
        try write(Array(text.utf8), to: path, beside: beside, replaces: false)
    }

    /// That a new file can come to stand there: asked before hours are spent on what it is to hold.
    public static func checkNew(_ path: String) throws(ReportingError) {
        var status = stat()
        guard lstat(path, &status) != 0 else { throw .exists(file: path) }
        guard errno == ENOENT, !path.isEmpty else { throw .notWritten(file: path, reason: reason) }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard access(folder, W_OK) == 0 else { throw .notWritten(file: path, reason: "\(folder): \(reason)") }
    }

    private static func write(_ bytes: [UInt8], to path: String, beside partial: String, replaces: Bool)
        throws(ReportingError)
    {
        let file = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw .notWritten(file: path, reason: reason) }
        var rest = bytes[...], failure: String?
        while !rest.isEmpty, failure == nil {
            let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress!, $0.count) }
            if count >= 0 { rest = rest.dropFirst(count) } else if errno != EINTR { failure = reason }
        }
        if close(file) != 0, failure == nil { failure = reason }
        if failure == nil {
            // A link, unlike a rename, does not replace what came there meanwhile.
            let result = replaces ? rename(partial, path) : link(partial, path)
            if result != 0 { failure = reason }
        }
        if failure != nil || !replaces { unlink(partial) }
        if let failure { throw .notWritten(file: path, reason: failure) }
    }

    /// What the system says of the last call.
    private static var reason: String { String(cString: strerror(errno)) }
}

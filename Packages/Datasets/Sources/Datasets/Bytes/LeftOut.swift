/// What was found and is not read, counted by kind: nothing is left out without a word.
public struct LeftOut: Sendable, Hashable {
    /// Why something is not read.
    public enum Kind: String, Sendable, CaseIterable {
        /// Files and folders whose names begin with a dot.
        case hidden
        /// macOS's doubles in archives.
        case macOSDoubles = "__MACOSX"
        /// `Thumbs.db`, `desktop.ini`.
        case thumbnails = "Thumbs.db or desktop.ini"
        /// What file servers and systems keep beside people's files: `@eaDir`, `$RECYCLE.BIN`, `lost+found`.
        case systemFolders = "of the system"
        /// Folders without a file, or with hidden ones only: perhaps a class whose pictures are missing.
        case emptyFolders = "empty folders"
        /// Files that are no pictures by their ending.
        case otherFormats = "of other formats"
        /// Archives below the top of a folder, or within an archive.
        case archives = "archives within"
        /// Pipes, sockets, devices; links within an archive.
        case specialFiles = "no regular files"
        /// Symbolic links to a folder that they lie in.
        case linksBack = "links that lead back"
        /// Entries of an archive whose path another archive or a file on disk has.
        case hiddenByOthers = "of a path that is read from elsewhere"
    }

    /// How many of each kind.
    public private(set) var counts: [Kind: Int] = [:]
    /// Of the other formats: how many have which ending.
    public private(set) var endings: [String: Int] = [:]

    /// Nothing yet.
    public init() {}

    /// Counts things of a kind.
    public mutating func count(_ kind: Kind, _ number: Int = 1) { counts[kind, default: 0] += number }

    mutating func countOtherFormat(_ ending: String) {
        count(.otherFormats)
        endings[ending, default: 0] += 1
    }

    /// Counts what another place left out too.
    public mutating func add(_ other: LeftOut) {
        counts.merge(other.counts, uniquingKeysWith: +)
        endings.merge(other.endings, uniquingKeysWith: +)
    }

    /// Of all kinds.
    public var total: Int { counts.values.reduce(0, +) }

    /// In one line, `3 entries not read: 2 hidden, 1 of other formats (.txt)`; nil where nothing was left out.
    public var summary: String? {
        guard total > 0 else { return nil }
        let kinds = Kind.allCases.compactMap { kind in
            counts[kind].map { "\($0) \(kind.rawValue)" + (kind == .otherFormats ? endingsSummary : "") }
        }
        return "\(total) \(total == 1 ? "entry" : "entries") not read: \(kinds.joined(separator: ", "))"
    }

    private var endingsSummary: String {
        let names = endings.keys.sorted { (endings[$1]!, $0) < (endings[$0]!, $1) }
            .map { $0.isEmpty ? "no ending" : ".\($0)" }
        return " (\(names.prefix(4).joined(separator: ", "))\(names.count > 4 ? ", …" : ""))"
    }
}

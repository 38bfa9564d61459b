/// What is wrong with a file or a request, in one line: where, what was expected, what came.
///
/// The cases are what a program may want to answer differently; the line is for people.
public enum DatasetError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Nothing of that name is there.
    case missing(at: String, String)
    /// It is there and cannot be read: permissions, a folder where a file was expected.
    case unreadable(at: String, String)
    /// It cannot be written.
    case unwritable(at: String, String)
    /// The content is not what its format demands: cut off, changed, or of another format.
    case damaged(at: String, String)
    /// Whole, but of a kind that is not read.
    case unsupported(at: String, String)
    /// Parts that are whole each do not fit together: labels and images, classes in two parts, pictures of two sizes.
    case inconsistent(at: String, String)
    /// More is asked for than there is, or something that makes no sense.
    case impossible(at: String, String)

    /// The file, entry or request.
    public var place: String { parts.place }

    public var description: String { "\(parts.place): \(parts.complaint)" }

    private var parts: (place: String, complaint: String) {
        switch self {
        case .missing(let place, let complaint), .unreadable(let place, let complaint),
            .unwritable(let place, let complaint), .damaged(let place, let complaint),
            .unsupported(let place, let complaint), .inconsistent(let place, let complaint),
            .impossible(let place, let complaint):
            (place, complaint)
        }
    }
}

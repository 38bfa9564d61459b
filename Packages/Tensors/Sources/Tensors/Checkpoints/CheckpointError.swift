/// Why a checkpoint cannot be read, written or used, in one line.
public enum CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
    case unreadable(file: String)
    case unwritable(file: String, reason: String)
    /// Bytes that are no safetensors file.
    case damaged(file: String, reason: String)
    /// A tensor with a NaN or an infinity.
    case notFinite(file: String, tensor: String)
    /// Tensors of another architecture.
    case wrongTensor(file: String, expected: String, got: String)
    /// Made by another run, with other settings or of other data.
    case differs(file: String, expected: String, got: String)

    /// A checkpoint that was made with other settings.
    public init(expected: String, got: String, file: String) {
        self = .differs(file: file, expected: expected, got: got)
    }

    /// One line: what was expected, what came, where.
    public var description: String {
        switch self {
        case .unreadable(let file): "\(file): a checkpoint expected, there is no readable file"
        case .unwritable(let file, let reason): "\(file): the checkpoint cannot be written: \(reason)"
        case .damaged(let file, let reason): "\(file): a safetensors file expected, \(reason)"
        case .notFinite(let file, let tensor):
            "\(file): finite numbers expected, \(tensor) holds a NaN or an infinity"
        case .wrongTensor(let file, let expected, let got):
            "\(file): \(expected) expected, got \(got): a checkpoint of another architecture"
        case .differs(let file, let expected, let got): "\(file): a checkpoint of \(expected) expected, got \(got)"
        }
    }
}

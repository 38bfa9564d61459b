/// What is wrong with a file or a request, in one line: what was expected, what came, where.
public struct DatasetError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

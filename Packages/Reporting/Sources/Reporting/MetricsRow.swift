/// A row of metrics: numbers by the names of their columns. Nil is what is not known.
public struct MetricsRow: Sendable, ExpressibleByDictionaryLiteral {
    /// In the order of the file.
    public let columns: [String]
    /// One for each column; nil is an empty cell.
    public let values: [Double?]

    public init(dictionaryLiteral elements: (String, Double?)...) {
        columns = elements.map(\.0)
        values = elements.map(\.1)
    }

    init(columns: [String], values: [Double?]) {
        self.columns = columns
        self.values = values
    }

    /// Of a column that the row has.
    public subscript(_ column: String) -> Double? { self[column, #fileID, #line] }

    private subscript(_ column: String, _ file: StaticString, _ line: UInt) -> Double? {
        let place = columns.firstIndex(of: column)
        require(place != nil, "row: one of the columns \(columns) expected, got \(column)", file: file, line: line)
        return place.flatMap { values[$0] }
    }

    /// NaN where it is not known.
    public func number(_ column: String) -> Double { self[column] ?? .nan }

    /// Nil where it is not known or not a whole number.
    public func integer(_ column: String) -> Int? { self[column].flatMap { Int(exactly: $0) } }
}

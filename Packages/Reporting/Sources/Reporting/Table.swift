/// Rows of text under column names.
public struct Table: Sendable {
    /// The heads of the columns.
    public let columns: [String]
    /// A cell for each column.
    public let rows: [[String]]

    /// Each row has as many cells as there are columns; else it stops with both counts.
    public init(columns: [String], rows: [[String]], file: StaticString = #fileID, line: UInt = #line) {
        require(
            rows.allSatisfy { $0.count == columns.count },
            "table: rows of \(rows.map(\.count)) cells under \(columns.count) columns", file: file, line: line)
        self.columns = columns
        self.rows = rows
    }

    /// Aligned for a terminal.
    public var text: String {
        let widths = columns.indices.map { i in ([columns] + rows).map { $0[i].count }.max() ?? 0 }
        return ([columns] + rows).map { row in
            let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    /// As a table of GitHub's Markdown.
    public var markdown: String {
        let lines = [columns, columns.map { _ in "-" }] + rows
        return lines.map { "| " + $0.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |" }.joined(
            separator: "\n")
    }

    /// As an HTML table, cells escaped.
    public var html: String {
        let head = columns.map { "<th>\(escaped($0))</th>" }.joined()
        let body = rows.map { "<tr>" + $0.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>" }.joined(separator: "\n")
        return "<table><thead><tr>\(head)</tr></thead><tbody>\(body)</tbody></table>"
    }
}

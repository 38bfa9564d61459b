/// Comma-separated values as RFC 4180 writes them, in UTF-8, read and written by scalars: a comma that a combining mark
/// follows is a comma, and a line ends at CR LF, at LF or at CR.
public enum CSV {
    /// One line, without its end.
    public static func line(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") }

    /// A whole file: rows that end with LF.
    public static func text(_ rows: [[String]]) -> String { rows.map { line($0) + "\n" }.joined() }

    /// A cell in quotes where RFC 4180 asks for them. Text that a spreadsheet would take for a formula (it begins with
    /// = + - @, a tab or CR, and is no number) gets an apostrophe in front, which spreadsheets take for "this is text".
    static func quoted(_ cell: String) -> String {
        let scalars = cell.unicodeScalars
        var text = cell
        if let first = scalars.first, ["=", "+", "-", "@", "\t", "\r"].contains(first), Double(cell) == nil {
            text = "'" + cell
        }
        let special: [Unicode.Scalar] = [",", "\"", "\n", "\r"]
        guard text.unicodeScalars.contains(where: special.contains) else { return text }
        var result = String.UnicodeScalarView("\"".unicodeScalars)
        for scalar in text.unicodeScalars {
            if scalar == "\"" { result.append("\"") }
            result.append(scalar)
        }
        result.append("\"")
        return String(result)
    }

    /// One row of a file, and the line that it began in.
    struct Row {
        let line: Int
        let cells: [String]
        /// Whether a line end follows: what a killed run was writing has none.
        let isWhole: Bool
    }

    /// All rows of a file; a byte-order mark in front of them and empty lines are passed over.
    static func rows(of bytes: [UInt8]) -> [Row] {
        var rows: [Row] = [], cells: [String] = [], cell: [UInt8] = []
        var line = 1, first = 1, isQuoted = false, hasQuotes = false, i = 0
        let comma = UInt8(ascii: ","), quote = UInt8(ascii: "\""), lf = UInt8(ascii: "\n"), cr = UInt8(ascii: "\r")
        func endCell() {
            cells.append(String(decoding: cell, as: UTF8.self))
            (cell, hasQuotes) = ([], false)
        }
        func endRow(isWhole: Bool) {
            if !cells.isEmpty || !cell.isEmpty || hasQuotes {
                endCell()
                rows.append(Row(line: first, cells: cells, isWhole: isWhole))
            }
            cells = []
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { i = 3 }
        while i < bytes.count {
            let byte = bytes[i]
            i += 1
            let endsLine = byte == lf || byte == cr && !(i < bytes.count && bytes[i] == lf)
            if endsLine { line += 1 }
            if isQuoted {
                if byte != quote {
                    cell.append(byte)
                } else if i < bytes.count, bytes[i] == quote {
                    cell.append(quote)
                    i += 1
                } else {
                    isQuoted = false
                }
            } else if byte == quote, cell.isEmpty, !hasQuotes {
                (isQuoted, hasQuotes) = (true, true)
            } else if byte == comma {
                endCell()
            } else if endsLine {
                endRow(isWhole: true)
                first = line
            } else if byte != cr {
                cell.append(byte)
            }
        }
        endRow(isWhole: false)
        return rows
    }
}

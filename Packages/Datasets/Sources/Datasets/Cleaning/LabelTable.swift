/// A table of labels: a CSV or text file (RFC 4180) with a column of labels and perhaps one of names, whatever else it
/// holds. It remembers how it was written, so that it can be written again with other labels.
struct LabelTable: Sendable {
    /// Stands in errors.
    let place: String
    let header: [[UInt8]]?
    let rows: [[[UInt8]]]
    /// Nil for a file of one label, or one name, a line.
    let nameColumn: Int?
    /// Nil for a list of names.
    let labelColumn: Int?
    private let separator: UInt8
    private let lineEnd: [UInt8], mark: [UInt8]

    /// What is called so is taken for the names, the first of these that is there.
    static let nameHeaders = [
        "file_name", "name", "file", "filename", "path", "filepath", "image", "image_path", "row", "index", "id",
    ]
    static let labelHeaders = ["label", "labels", "class", "class_name", "category", "target", "text"]

    /// - Parameters:
    ///   - place: of the file, for errors.
    ///   - isListOfNames: whether a single column holds names, and not labels.
    ///   - rowCount: how many labels there should be: as many lines are labels, whatever the first says.
    ///   - isName: whether a field can be a name, where the first line might be a header of unknown words.
    init(
        _ content: [UInt8], place: String, isListOfNames: Bool = false, rowCount: Int? = nil,
        isName: (BytePath) -> Bool
    ) throws(DatasetError) {
        self.place = place
        let bytes = try TextFile.text(content, at: place)
        mark = Array(content.prefix(content.count - bytes.count))
        let firstLine = bytes.prefix { $0 != 10 && $0 != 13 }
        func count(_ byte: Character) -> Int { firstLine.count { $0 == byte.asciiValue } }
        separator = UInt8(ascii: count(",") > 0 ? "," : count(";") > 0 ? ";" : count("\t") > 0 ? "\t" : ",")
        lineEnd = bytes.dropFirst(firstLine.count).starts(with: [13, 10]) ? [13, 10] : [10]

        var records: [[[UInt8]]]
        do { records = try CSV.records(bytes, separator: separator) } catch {
            throw .damaged(at: place, "quotes in pairs expected (RFC 4180), one of line \(error.line) is not")
        }
        guard let first = records.first else {
            throw .damaged(at: place, "a line for every sample expected, the file is empty")
        }
        let words = first.map { Self.text($0).lowercased() }
        let named = Self.nameHeaders.lazy.compactMap { words.firstIndex(of: $0) }.first
        let labelled = Self.labelHeaders.lazy.compactMap { words.firstIndex(of: $0) }.first
        let hasHeader: Bool
        switch (first.count, named, labelled) {
        case (1, _, _):
            hasHeader =
                isListOfNames
                ? named != nil && !isName(Self.path(first[0])) : labelled != nil && records.count != rowCount
            (nameColumn, labelColumn) = isListOfNames ? (0, nil) : (nil, 0)
        case (_, let name?, let label?) where name != label: (hasHeader, nameColumn, labelColumn) = (true, name, label)
        case (2, _, _): (hasHeader, nameColumn, labelColumn) = (!isName(Self.path(first[0])), 0, 1)
        default:
            throw .unsupported(
                at: place,
                "a column of names (\(Self.nameHeaders.prefix(3).joined(separator: ", ")) …) and one of labels "
                    + "(\(Self.labelHeaders.prefix(3).joined(separator: ", ")) …) expected in the first line, got "
                    + "\(Listing(first.map(Self.text)))")
        }
        header = hasHeader ? records.removeFirst() : nil
        rows = records
        guard !rows.isEmpty else {
            throw .damaged(at: place, "a line for every sample expected, there is only the header")
        }
        if let index = rows.firstIndex(where: { $0.count != first.count }) {
            throw .damaged(
                at: place,
                "\(first.count) fields expected in record \(index + (hasHeader ? 2 : 1)), as in the first, got "
                    + "\(rows[index].count)")
        }
    }

    /// The names' bytes, a row each; none in a file of labels only.
    var names: [BytePath] { nameColumn.map { column in rows.map { Self.path($0[column]) } } ?? [] }

    /// The labels' texts, a row each; none in a list of names. An empty one is an error that names its row.
    func labels() throws(DatasetError) -> [String] {
        guard let labelColumn else { return [] }
        let labels = rows.map { Self.text($0[labelColumn]) }
        let empty = labels.indices.filter { labels[$0].isEmpty }
        guard empty.isEmpty else {
            let names = nameColumn.map { column in empty.map { Self.text(rows[$0][column]) } }
            throw .inconsistent(
                at: place,
                "a label for each sample expected, \(empty.count) of \(rows.count) have none: "
                    + "\(Listing(names ?? empty.map { "row \($0) (from 0)" }))")
        }
        return labels
    }

    /// The table as it was read, with other labels in some rows or without some.
    /// - Parameter label: of a row and its own label, the new one; nil drops the row.
    func written(replacing label: (_ row: Int, _ own: [UInt8]) -> [UInt8]?) -> [UInt8] {
        var text = mark
        func append(_ fields: [[UInt8]]) {
            text += fields.map { quoted($0) }.joined(separator: [separator])
            text += lineEnd
        }
        if let header { append(header) }
        for (index, row) in rows.enumerated() {
            guard let labelColumn, let new = label(index, row[labelColumn]) else { continue }
            var row = row
            row[labelColumn] = new
            append(row)
        }
        return text
    }

    private func quoted(_ field: [UInt8]) -> [UInt8] { Self.quoted(field, separator: separator) }

    /// In quotes where RFC 4180 needs them.
    static func quoted(_ field: [UInt8], separator: UInt8 = UInt8(ascii: ",")) -> [UInt8] {
        let needsQuotes = field.contains { $0 == separator || $0 == 34 || $0 == 10 || $0 == 13 }
        return needsQuotes ? [34] + field.flatMap { $0 == 34 ? [34, 34] : [$0] } + [34] : field
    }

    /// A field as a line of text, without blanks and tabs at either end.
    static func text(_ field: [UInt8]) -> String { path(field).description }

    private static func path(_ field: [UInt8]) -> BytePath {
        let isBlank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
        let rest = field.drop(while: isBlank)
        return BytePath(Array(rest[..<(rest.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? rest.startIndex)]))
    }
}

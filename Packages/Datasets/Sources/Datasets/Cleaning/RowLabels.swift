/// Labels of numbered samples from a file of their own: `.npy` (integers or text), CSV or text.
struct RowLabels {
    /// The labels' texts, by row.
    let labels: [String]
    /// What a table calls the samples, where its rows are not numbered; each once.
    var names: [String]?
    /// Nil for `.npy` and for text of one label a line.
    var table: PlacedTable?

    /// - Parameters:
    ///   - count: rows of the data.
    ///   - data: the file or folder that holds them, for errors.
    init(path: String, count: Int, data: String) throws(DatasetError) {
        let bytes = try MappedFile.contents(of: path)
        switch ContentKind(bytes) {
        case .numpy:
            self = try RowLabels(try NPYFile(bytes: bytes, name: path), count: count, data: data)
            return
        // JSON is what any text may look like that begins with a bracket.
        case let kind? where kind != .json:
            throw .unsupported(
                at: path, "labels as .npy, CSV or text of one a line expected, this is \(kind.rawValue)")
        default: break
        }
        let table = try LabelTable(bytes, place: path, rowCount: count, isName: { Int($0.description) != nil })
        let read = try table.labels()
        guard table.nameColumn != nil else {
            try Self.expect(count, read.count, data, path)
            labels = read
            if BytePath(path).ending == "csv" { self.table = PlacedTable(table: table, samples: Array(0..<count)) }
            return
        }
        guard let numbers = Self.numbers(table.names) else {
            // Names of another set's files: the rows stand in the same order.
            try Self.expect(count, read.count, data, path)
            let texts = table.names.map(\.description)
            if let twice = Self.firstTwice(table.names) {
                throw .inconsistent(at: path, "each name once expected, \(twice) is there twice")
            }
            (labels, names, self.table) = (read, texts, PlacedTable(table: table, samples: Array(0..<count)))
            return
        }
        let outside = numbers.filter { !(0..<count ~= $0) }
        guard outside.isEmpty else {
            throw .inconsistent(
                at: path,
                "rows 0 … \(count - 1) of \(data) expected, \(outside.count) of \(numbers.count) "
                    + "\(outside.count == 1 ? "is" : "are") not there: \(Listing(outside.map(String.init)))")
        }
        let placed = PlacedTable(table: table, samples: numbers)
        let byRow = try placed.labels { "row \($0)" }
        let missing = (0..<count).filter { byRow[$0] == nil }
        guard missing.isEmpty else {
            throw .inconsistent(
                at: path,
                "a label for each of the \(count) rows of \(data) expected, \(missing.count) "
                    + "\(missing.count == 1 ? "has" : "have") none: \(Listing(missing.map { "row \($0)" }))")
        }
        (labels, self.table) = ((0..<count).map { byRow[$0]! }, placed)
    }

    /// Labels that are an array: integers or text.
    init(_ file: NPYFile, count: Int, data: String) throws(DatasetError) {
        guard file.rowSize == 1 else {
            throw .unsupported(at: file.name, "one label a row expected, got an array of the shape \(file.shape)")
        }
        if case .text = file.elementType {
            labels = try file.texts().map { BytePath($0).description }
        } else {
            labels = try file.integers().map(String.init)
        }
        try Self.expect(count, labels.count, data, file.name)
    }

    private static func expect(_ count: Int, _ found: Int, _ data: String, _ path: String) throws(DatasetError) {
        guard found == count else {
            throw .inconsistent(at: path, "\(count) labels expected for the rows of \(data), got \(found)")
        }
    }

    /// The names as numbers; nil if one is none.
    private static func numbers(_ names: [BytePath]) -> [Int]? {
        let numbers = names.compactMap { Int($0.description) }
        return numbers.count == names.count ? numbers : nil
    }

    private static func firstTwice(_ names: [BytePath]) -> BytePath? {
        var seen: Set<BytePath> = []
        return names.first { !seen.insert($0).inserted }
    }
}

extension SampleListing {
    /// The same samples with the labels of a file of their own.
    func labelled(by path: String) throws(DatasetError) -> SampleListing {
        try labelled(by: RowLabels(path: path, count: names.count, data: place))
    }

    func labelled(by read: RowLabels) -> SampleListing {
        var listing = self
        (listing.labels, listing.table, listing.publishedClasses) = (read.labels, read.table, nil)
        listing.names = read.names ?? names
        return listing
    }
}

/// Which sample a user's file means by a name.
struct SampleNames: Sendable {
    private let indices: [BytePath: Int]
    /// The folder that whole paths may begin with.
    private let root: BytePath
    /// How many rows there are, where a row may be meant by its number whatever its name is; else 0.
    private let rowCount: Int

    /// - Parameters:
    ///   - names: of the samples, as `LabeledSamples` has them.
    ///   - areRows: whether the samples are rows of a file.
    init(_ names: [String], root: String, areRows: Bool = false) {
        rowCount = areRows ? names.count : 0
        indices = Dictionary(names.enumerated().map { (BytePath($1), $0) }, uniquingKeysWith: { first, _ in first })
        self.root = BytePath(root)
    }

    /// By its own bytes, by its text as we write it, behind `./` or the data's folder, or with backslashes.
    func index(of name: BytePath) -> Int? {
        if let index = indices[BytePath(name.description)] ?? indices[name] { return index }
        if rowCount > 0, let row = Int(name.description), 0..<rowCount ~= row { return row }
        for prefix in [Array("./".utf8), root.bytes + [UInt8(ascii: "/")]] where name.bytes.starts(with: prefix) {
            return index(of: BytePath(Array(name.bytes.dropFirst(prefix.count))))
        }
        let backslash = UInt8(ascii: "\\")
        guard name.bytes.contains(backslash) else { return nil }
        return index(of: BytePath(name.bytes.map { $0 == backslash ? UInt8(ascii: "/") : $0 }))
    }

    /// The samples of a table's rows. Names of none are an error.
    /// - Parameter what: the samples in words: `files`.
    func indices(of table: LabelTable, _ what: String) throws(DatasetError) -> [Int] {
        var found: [Int] = [], unknown: [String] = []
        for name in table.names {
            if let index = index(of: name) { found.append(index) } else { unknown.append(name.description) }
        }
        guard unknown.isEmpty else {
            throw .inconsistent(
                at: table.place,
                "names of \(what) expected, \(unknown.count) of \(table.rows.count) "
                    + "\(unknown.count == 1 ? "is" : "are") not there: \(Listing(unknown))")
        }
        return found
    }
}

extension PlacedTable {
    /// A label for each sample that the rows name. Two rows may name one only with the same label.
    func labels(sampleNames: (Int) -> String) throws(DatasetError) -> [Int: String] {
        var labels: [Int: String] = [:]
        for (sample, label) in zip(samples, try table.labels()) {
            if let other = labels.updateValue(label, forKey: sample), BytePath(other) != BytePath(label) {
                throw .inconsistent(
                    at: table.place,
                    "one label for each sample expected, \(sampleNames(sample)) has \(other) and \(label)")
            }
        }
        return labels
    }
}

extension CleaningSource {
    /// Samples whose labels are known to be right:
    /// - a CSV of names (rows for numbered samples) and labels;
    /// - text of one name or row a line, whose given labels are right;
    /// - a folder (or zip archive) of class folders of other pictures, prepared as the data's are.
    public func trusted(_ path: String) throws(DatasetError) -> TrustedLabels {
        let path = Self.withoutSlashes(path)
        let expected = "a CSV of names and labels, a list of names, or a folder of class folders expected"
        try DataKind.expect(expected, at: path)
        guard DataKind.isFile(path) else { return try otherPictures(path) }
        let content = try MappedFile.contents(of: path)
        switch ContentKind(content) {
        case .zip: return try otherPictures(path)
        case nil, .json, .empty: break
        case let kind?:
            throw .unsupported(at: path, "\(expected), this is \(kind.rawValue)")
        }
        let lookup = SampleNames(samples.names, root: root, areRows: kind != .pictures)
        let table = try LabelTable(
            content, place: path, isListOfNames: true,
            isName: {
                lookup.index(of: $0) != nil || PictureFormat.endings.contains($0.ending) || Int($0.description) != nil
            })
        let places = try lookup.indices(of: table, "samples of \(self.path)")
        guard table.labelColumn != nil else {
            let indices = Set(places).sorted()
            return TrustedLabels(indices: indices, labels: indices.map { samples.labels[$0] })
        }
        let texts = try PlacedTable(table: table, samples: places).labels { samples.names[$0] }
        let indices = texts.keys.sorted()
        let labels = try classes.indices(of: indices.map { texts[$0]! }, at: path) { samples.names[indices[$0]] }
        return TrustedLabels(indices: indices, labels: labels)
    }

    /// The folder that names are relative to.
    private var root: String { DataKind.isFile(path) ? DataKind.folder(of: path) : path }

    private func otherPictures(_ path: String) throws(DatasetError) -> TrustedLabels {
        guard case .pictures = samples.form else {
            throw .unsupported(
                at: path, "a file of rows and labels expected for trusted features, this is a folder or an archive")
        }
        return TrustedLabels(others: try further(SampleListing(pictures: path, known: classes)))
    }
}

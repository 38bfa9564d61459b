/// Samples by name and label, before their values are read: what is wrong with labels is said first.
struct SampleListing: Sendable {
    enum Content: Sendable {
        case pictures(FileTree, [BytePath])
        case values(LabeledSamples.Form, SampleValues)
        case array(NPYFile)
    }

    /// The path that was given, for errors.
    let place: String
    var content: Content
    var names: [String]
    /// The labels' texts.
    var labels: [String]
    /// Names of the classes of a published set, by number; nil for the classes that occur.
    var publishedClasses: ClassList?
    /// Where the labels stand in a table of the user's.
    var table: PlacedTable?
    var remarks: [String] = []

    /// The classes that occur: at least two, of two samples each.
    func classes() throws(DatasetError) -> ClassList {
        var counts: [BytePath: Int] = [:]
        for label in labels { counts[BytePath(label), default: 0] += 1 }
        guard counts.count >= 2 else {
            throw .impossible(
                at: place,
                "at least 2 classes expected, got \(counts.count)"
                    + (counts.first.map { ": all \($0.value) samples are \($0.key)" } ?? ""))
        }
        let singles = counts.filter { $0.value == 1 }.keys.sorted().map { String(decoding: $0.bytes, as: UTF8.self) }
        guard singles.isEmpty else {
            throw .impossible(
                at: place,
                "at least 2 samples of each class expected, \(singles.count) of \(counts.count) classes "
                    + "\(singles.count == 1 ? "has" : "have") one: \(Listing(singles))")
        }
        return publishedClasses ?? ClassList(of: labels)
    }

    /// The samples with their values.
    /// - Parameter reader: for pictures of files; nil where there can be none.
    func samples(classes: ClassList, reader: PictureReader?) throws(DatasetError) -> LabeledSamples {
        let indices = try classes.indices(of: labels, at: table?.table.place ?? place) { names[$0] }
        let form: LabeledSamples.Form, values: SampleValues
        switch content {
        case .values(let known, let read): (form, values) = (known, read)
        case .array(let file): (form, values) = try Self.values(of: file)
        case .pictures(let tree, let pictures):
            guard let reader else { throw .inconsistent(at: place, "numbers expected, these are pictures") }
            (form, values) = (reader.form, try reader.values(of: pictures, of: tree))
        }
        return LabeledSamples(
            form: form, names: names, labels: indices, classNames: classes.names, values: values, remarks: remarks)
    }
}

/// A table of labels, and of each of its rows the sample.
struct PlacedTable: Sendable {
    let table: LabelTable
    let samples: [Int]
}

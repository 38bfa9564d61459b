/// The classes of a set by their names: which index a label's text means.
struct ClassList: Sendable {
    let names: [String]
    /// Whether a class may also be meant by its index: where names were put to a set that is labelled by numbers.
    private let acceptsIndices: Bool
    /// By bytes: texts that look alike in two normalisations are two classes, as they are two folders.
    private let indices: [BytePath: Int32]

    /// The classes that occur: sorted as numbers if all are integers, else by their bytes.
    init(of labels: some Sequence<String>) {
        let distinct = Set(labels.map { BytePath($0) }).map {
            (bytes: $0, text: String(decoding: $0.bytes, as: UTF8.self))
        }
        let numbers = distinct.compactMap { Int($0.text) }
        let sorted =
            numbers.count == distinct.count
            ? distinct.sorted { (Int($0.text)!, $0.bytes) < (Int($1.text)!, $1.bytes) }
            : distinct.sorted { $0.bytes < $1.bytes }
        self.init(names: sorted.map(\.text))
    }

    init(names: [String], acceptsIndices: Bool = false) {
        (self.names, self.acceptsIndices) = (names, acceptsIndices)
        indices = Dictionary(
            names.enumerated().map { (BytePath($1), Int32($0)) }, uniquingKeysWith: { first, _ in first })
    }

    func index(of text: String) -> Int32? {
        if let index = indices[BytePath(text)] { return index }
        guard acceptsIndices, let index = Int32(text), names.indices ~= Int(index) else { return nil }
        return index
    }

    /// The classes of some texts.
    /// - Parameter what: names the place of the text at an index, for the error about one that is no class.
    func indices(
        of texts: [String], at place: String, _ what: (Int) -> String
    ) throws(DatasetError) -> [Int32] {
        var labels: [Int32] = []
        labels.reserveCapacity(texts.count)
        for (i, text) in texts.enumerated() {
            guard let label = index(of: text) else {
                throw .inconsistent(
                    at: place,
                    "\(what(i)): one of the \(names.count) classes of the data expected (\(Listing(names))), "
                        + "got \"\(text)\"")
            }
            labels.append(label)
        }
        return labels
    }
}

extension SampleListing {
    /// Every folder that holds pictures directly is a class, named by its path below the folder that all classes lie
    /// in.
    /// - Parameter known: the data's classes, for further samples of them: a whole path that is one counts first.
    init(classFolders tree: FileTree, known: ClassList? = nil) throws(DatasetError) {
        let folders = tree.imageFolders
        guard !folders.isEmpty else {
            throw .missing(
                at: tree.root,
                "a folder for each class with PNG or JPEG files expected, or a CSV of file names and labels beside "
                    + "them; there is no picture" + (tree.leftOutOfImages.summary.map { " (\($0))" } ?? ""))
        }
        if let outside = folders.first(where: { $0.path.isEmpty }) {
            throw .inconsistent(
                at: tree.root,
                "every picture in the folder of its class expected, or named by a CSV of labels, "
                    + "\(outside.pictures.count) \(outside.pictures.count == 1 ? "has" : "have") no label: "
                    + "\(Listing(outside.pictures.map(\.description)))")
        }
        var shared = folders[0].path.components.dropLast()
        for folder in folders {
            shared = shared.prefix(zip(shared, folder.path.components.dropLast()).prefix { $0 == $1 }.count)
        }
        // Parts of a published set are not classes.
        let parts = Set(folders.compactMap { $0.path.components.dropFirst(shared.count).dropLast().first })
            .filter { part in ["train", "val", "valid", "validation", "test"].contains { part.isName($0) } }.sorted()
        guard parts.isEmpty else {
            let first = parts.first { $0.isName("train") } ?? parts[0]
            let inner = (shared + [first]).map(\.description).joined(separator: "/")
            throw .inconsistent(
                at: tree.root,
                "class folders of one part expected, got the parts \(Listing(parts.map(\.description))): name one, "
                    + "\(tree.root)/\(inner)")
        }
        var names: [String] = [], labels: [String] = []
        for folder in folders {
            let whole = folder.path.description
            let short = folder.path.components.dropFirst(shared.count).map(\.description).joined(separator: "/")
            let label = known?.index(of: whole) != nil ? whole : short
            names += folder.pictures.map(\.description)
            labels += folder.pictures.map { _ in label }
        }
        self.init(
            place: tree.root, content: .pictures(tree, folders.flatMap(\.pictures)), names: names, labels: labels,
            remarks: tree.leftOutOfImages.summary.map { ["\(tree.root): \($0)"] } ?? [])
    }
}

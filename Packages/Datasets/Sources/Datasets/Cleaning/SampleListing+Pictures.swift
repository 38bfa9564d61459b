extension SampleListing {
    /// Pictures in class folders, or beside a table of their labels.
    /// - Parameters:
    ///   - path: a folder, a zip archive, or the table itself.
    ///   - labelsPath: the table where it lies elsewhere.
    ///   - known: the data's classes, for further samples of them.
    init(pictures path: String, labelsPath: String? = nil, known: ClassList? = nil) throws(DatasetError) {
        let isTable = DataKind.isTable(path)
        let root = isTable ? DataKind.folder(of: path) : path
        let tree = try FileTree(path: root)
        let pictures = tree.imageFolders.flatMap(\.pictures)
        if let table = labelsPath ?? (isTable ? path : nil) {
            let content = try MappedFile.contents(of: table)
            try self.init(
                tree, pictures, content, table: table, ownTable: isTable ? BytePath(path).name : nil,
                isPart: isTable && labelsPath == nil)
            return
        }
        let tables = Self.tables(of: tree, pictures)
        guard tables.count <= 1 else {
            throw .inconsistent(
                at: path,
                "one CSV of labels expected beside the pictures, got \(Listing(tables.map(\.description))): name "
                    + "the one to read")
        }
        if let table = tables.first {
            try self.init(
                tree, pictures, try tree.contents(of: table), table: tree.description(of: table), ownTable: table,
                isPart: false)
        } else {
            try self.init(classFolders: tree, known: known)
        }
    }

    /// The files at the top that are tables of these pictures; not those called so because they name a part.
    private static func tables(of tree: FileTree, _ pictures: [BytePath]) -> [BytePath] {
        let names = SampleNames(pictures.map(\.description), root: tree.root)
        return tree.paths.filter { path in
            guard path.folder.isEmpty, path.ending == "csv",
                !["trusted", "test"].contains(where: { path.description.lowercased().hasPrefix($0) }),
                let content = try? tree.contents(of: path),
                let table = try? LabelTable(content, place: "", isName: { names.index(of: $0) != nil }),
                table.nameColumn != nil
            else { return false }
            // A table of other things names no picture.
            return table.header.map { LabelTable.text($0[table.nameColumn!]).lowercased() == "file_name" } == true
                || table.names.contains { names.index(of: $0) != nil }
        }
    }

    /// - Parameters:
    ///   - ownTable: the table within the tree; nil where it lies elsewhere.
    ///   - isPart: whether pictures in folders that the table names none of may be there.
    private init(
        _ tree: FileTree, _ pictures: [BytePath], _ content: [UInt8], table place: String, ownTable: BytePath?,
        isPart: Bool
    ) throws(DatasetError) {
        let allNames = pictures.map(\.description)
        let lookup = SampleNames(allNames, root: tree.root)
        let table = try LabelTable(
            content, place: place,
            isName: { lookup.index(of: $0) != nil || PictureFormat.endings.contains($0.ending) })
        guard table.nameColumn != nil else {
            throw .unsupported(at: place, "columns of file names and of labels expected, got one column")
        }
        let rows = try lookup.indices(of: table, "files below \(tree.root)")
        // Samples stand in the order of the table.
        var order: [Int] = [], places: [Int: Int] = [:]
        for picture in rows where places.updateValue(places[picture] ?? order.count, forKey: picture) == nil {
            order.append(picture)
        }
        let placed = PlacedTable(table: table, samples: rows.map { places[$0]! })
        let labels = try placed.labels { allNames[order[$0]] }

        var remarks = ["labels are read from \(place)"]
        let folders = Set(order.map { pictures[$0].folder }),
            others = Self.namesInOtherTables(of: tree, ownTable, lookup)
        var missing: [String] = [], elsewhere = 0
        for (index, picture) in pictures.enumerated() where places[index] == nil {
            if others.contains(index) || isPart && !folders.contains(picture.folder) {
                elsewhere += 1
            } else {
                missing.append(allNames[index])
            }
        }
        guard missing.isEmpty else {
            throw .inconsistent(
                at: place,
                "a label for each picture below \(tree.root) expected, \(missing.count) of \(pictures.count) "
                    + "\(missing.count == 1 ? "has" : "have") none: \(Listing(missing))")
        }
        if elsewhere > 0 { remarks.append("\(elsewhere) pictures that \(place) does not name are not read") }
        if let summary = tree.leftOut.summary { remarks.append("\(tree.root): \(summary)") }
        self.init(
            place: tree.root, content: .pictures(tree, order.map { pictures[$0] }), names: order.map { allNames[$0] },
            labels: order.indices.map { labels[$0]! }, table: placed, remarks: remarks)
    }

    /// The pictures that further tables beside the one in use name: their training or test part.
    private static func namesInOtherTables(of tree: FileTree, _ own: BytePath?, _ lookup: SampleNames) -> Set<Int> {
        var found: Set<Int> = []
        for path in tree.paths where path.folder.isEmpty && path.ending == "csv" && path != own {
            guard let content = try? tree.contents(of: path),
                let table = try? LabelTable(content, place: "", isName: { lookup.index(of: $0) != nil })
            else { continue }
            found.formUnion(table.names.compactMap { lookup.index(of: $0) })
        }
        return found
    }
}

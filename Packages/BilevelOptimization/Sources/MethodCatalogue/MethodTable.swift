extension MethodName {
    /// The table of the package's README.
    public static var markdownTable: String {
        let rows = allCases.map { name in
            let d = name.description
            return "| `\(name.rawValue)` | \(d.title) (\(d.source)) | \(d.purpose) | \(d.cost) | \(d.memory) |"
        }
        return
            (["| name | method | for | work of an upper iteration | memory beyond x and y |", "|---|---|---|---|---|"]
            + rows).joined(separator: "\n")
    }
}

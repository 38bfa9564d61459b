/// The first three of some names and how many more there are, for a line: `a.png, b.png, c.png and 4 more`.
struct Listing: CustomStringConvertible {
    let names: [String]

    init(_ names: [String]) { self.names = names }

    var description: String {
        names.prefix(3).joined(separator: ", ")
            + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }
}

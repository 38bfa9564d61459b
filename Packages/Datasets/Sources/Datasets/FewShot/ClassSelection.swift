extension ImageClasses {
    /// The classes of these names, in their order. A name may be the end of a class's path: `n01532829` finds
    /// `images/train/n01532829`.
    public func selecting(named names: [String], part: String) throws(DatasetError) -> ImageClasses {
        var places: [String: [Int]] = [:]
        for index in 0..<classCount {
            var rest = Substring(className(index))
            places[String(rest), default: []].append(index)
            while let slash = rest.firstIndex(of: "/") {
                rest = rest[rest.index(after: slash)...]
                places[String(rest), default: []].append(index)
            }
        }
        let missing = names.filter { places[$0] == nil }
        if let first = missing.first {
            throw .missing(
                at: name,
                "the split's \(names.count) \(part) classes expected, \(missing.count) have no "
                    + "images, \(first) the first of them"
            )
        }
        var chosen: [Int] = []
        for name in names {
            guard let found = places[name], found.count == 1 else {
                throw .inconsistent(
                    at: self.name, "one class \(name) expected, \(places[name]?.count ?? 0) folders end so")
            }
            chosen.append(found[0])
        }
        return selecting(chosen, name: "\(name) \(part)")
    }
}

extension ImageClasses {
    /// The classes of these names, in their order. A name may be the end of a class's path: `n01532829` finds
    /// `images/train/n01532829`. Names are compared by their bytes; where that finds nothing, é in one code point and
    /// in two count as the same (a split file made on one system, folders on another).
    public func selecting(named names: [String], part: String) throws(DatasetError) -> ImageClasses {
        var places: [BytePath: [Int]] = [:], equivalent: [String: [Int]] = [:]
        for index in 0..<classCount {
            var rest = BytePath(className(index))
            while true {
                places[rest, default: []].append(index)
                equivalent[String(decoding: rest.bytes, as: UTF8.self), default: []].append(index)
                guard let slash = rest.bytes.firstIndex(of: UInt8(ascii: "/")) else { break }
                rest = BytePath(Array(rest.bytes[(slash + 1)...]))
            }
        }
        let found = names.map { places[BytePath($0)] ?? equivalent[$0] ?? [] }
        let missing = zip(names, found).filter { $0.1.isEmpty }
        if let first = missing.first {
            throw .missing(
                at: name,
                "the split's \(names.count) \(part) classes expected, \(missing.count) have no images, \(first.0) the "
                    + "first of them")
        }
        if let (name, places) = zip(names, found).first(where: { $0.1.count != 1 }) {
            throw .inconsistent(at: self.name, "one class \(name) expected, \(places.count) folders end so")
        }
        return selecting(found.map { $0[0] }, name: "\(name) \(part)")
    }
}

/// The valid name with the fewest insertions, deletions and replacements (Levenshtein 1966) from what was written.
public func nearestName(to written: String, in valid: [String]) -> String {
    func distance(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for (i, p) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, q) in b.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (p == q ? 0 : 1))
                (diagonal, row[j + 1]) = (row[j + 1], next)
            }
        }
        return row[b.count]
    }
    return valid.min {
        distance(Array(written.lowercased()), Array($0)) < distance(Array(written.lowercased()), Array($1))
    } ?? ""
}

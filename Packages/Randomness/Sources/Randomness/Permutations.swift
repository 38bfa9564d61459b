extension RandomNumberGenerator {
    /// The first `count` entries of a random permutation of 0 ..< total (Fisher and Yates): draws without replacement.
    /// - Parameter count: all of them where it is left out; at most `total`.
    @inlinable
    public mutating func permutation(
        of total: Int, first count: Int? = nil, file: StaticString = #fileID, line: UInt = #line
    ) -> [Int] {
        let count = count ?? total
        require(
            0 <= count && count <= total,
            "permutation(of:first:): at most \(total) entries of a permutation of \(total) expected, got \(count)",
            file: file, line: line)
        var order = Array(0..<total)
        for i in 0..<count { order.swapAt(i, i + remainder(below: total - i)) }
        return Array(order[..<count])
    }
}

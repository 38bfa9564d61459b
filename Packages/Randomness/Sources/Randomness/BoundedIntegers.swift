extension RandomNumberGenerator {
    /// Uniform in 0 ..< bound, without bias: the high half of number · bound, and a new number where the low half falls
    /// among the 2⁶⁴ mod bound values that some results would have too many of (Lemire, "Fast random integer generation
    /// in an interval", ACM TOMACS 2019).
    ///
    /// The standard library's `Int.random(in:using:)` of Swift 6 gives the same integers. It promises nothing about
    /// other versions, this does.
    /// - Parameter bound: at least 1.
    @inlinable
    public mutating func integer(below bound: Int, file: StaticString = #fileID, line: UInt = #line) -> Int {
        require(bound > 0, "integer(below:): a bound of at least 1 expected, got \(bound)", file: file, line: line)
        let bound = UInt64(bound)
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let surplus = (0 &- bound) % bound
            while product.low < surplus { product = next().multipliedFullWidth(by: bound) }
        }
        return Int(product.high)
    }

    /// Uniform in 0 ..< bound, without bias: number mod bound, and a new number where it lies beyond the last whole
    /// multiple of the bound.
    ///
    /// Slower than `integer(below:)` and other integers; splits, episodes and glyphs have been drawn so from the first
    /// version on, and must stay what they are.
    /// - Parameter bound: at least 1.
    @inlinable
    public mutating func remainder(below bound: Int, file: StaticString = #fileID, line: UInt = #line) -> Int {
        require(bound > 0, "remainder(below:): a bound of at least 1 expected, got \(bound)", file: file, line: line)
        let bound = UInt64(bound), limit = UInt64.max - UInt64.max % bound
        while true {
            let number = next()
            if number < limit { return Int(number % bound) }
        }
    }
}

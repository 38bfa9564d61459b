extension RandomNumberGenerator {
    /// Uniform in 0 ..< bound, by rejection, so that the same numbers of the generator always give the same draw
    /// (the standard library may change how its own draws use a generator).
    mutating func draw(below bound: Int) -> Int {
        let range = UInt64(bound), limit = UInt64.max - UInt64.max % range
        while true {
            let number = next()
            if number < limit { return Int(number % range) }
        }
    }

    /// The first `count` entries of a random permutation of 0 ..< total (Fisher and Yates).
    mutating func permutation(of total: Int, first count: Int) -> [Int] {
        var order = Array(0..<total)
        for i in 0..<count { order.swapAt(i, i + draw(below: total - i)) }
        return Array(order[..<count])
    }
}

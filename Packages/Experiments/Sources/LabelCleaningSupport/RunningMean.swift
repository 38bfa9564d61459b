/// A mean of arrays that come one after the other: what a checkpoint keeps of it is a sum and a number.
package struct RunningMean: Sendable {
    package private(set) var sum: [Float]
    package private(set) var termCount: Int

    init(of count: Int) { self.init(sum: [Float](repeating: 0, count: count), termCount: 0) }

    init(sum: [Float], termCount: Int) { (self.sum, self.termCount) = (sum, termCount) }

    mutating func reset() { self = RunningMean(of: sum.count) }

    mutating func add(_ values: [Float]) {
        for (i, value) in values.enumerated() { sum[i] += value }
        termCount += 1
    }
}

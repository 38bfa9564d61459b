/// What parts samples into two groups of the least variance within: those above it are one (Otsu 1979).
package func otsuThreshold(_ samples: [UInt8]) -> UInt8 {
    var counts = [Int](repeating: 0, count: 256)
    for sample in samples { counts[Int(sample)] += 1 }
    let total = Double(samples.count), sum = counts.enumerated().reduce(0.0) { $0 + Double($1.offset * $1.element) }
    var below = 0.0, sumBelow = 0.0, best = (spread: 0.0, value: samples.max() ?? 0)
    for value in 0..<255 {
        below += Double(counts[value])
        sumBelow += Double(value * counts[value])
        guard below > 0, below < total else { continue }
        // The variance between the groups, times total².
        let difference = sumBelow * total - sum * below, spread = difference * difference / (below * (total - below))
        if spread > best.spread { best = (spread, UInt8(value)) }
    }
    return best.value
}

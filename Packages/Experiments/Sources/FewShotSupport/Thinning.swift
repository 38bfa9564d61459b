/// A mask's lines of one pixel, with the same connections: a pixel at the edge of the ink goes where that parts nothing
/// and shortens no end, in turns from the south-east and the north-west, until none does (Zhang and Suen 1984).
/// - Parameter mask: [height, width], row-major.
package func thinned(_ mask: [Bool], height: Int, width: Int) -> [Bool] {
    // A margin of one pixel without ink.
    let stride = width + 2
    var ink = [Bool](repeating: false, count: (height + 2) * stride)
    for y in 0..<height {
        for x in 0..<width { ink[(y + 1) * stride + x + 1] = mask[y * width + x] }
    }
    let offsets = neighbourOffsets.map { $0 * stride + $1 }
    var last = -1, pass = 0
    // Two passes in a row that take nothing away end it.
    while pass - last <= 2 {
        let (corner, opposite) = pass % 2 == 0 ? ([0, 2, 4], [2, 4, 6]) : ([0, 2, 6], [0, 4, 6])
        let removed = ink.indices.filter { place in
            guard ink[place] else { return false }
            let p = offsets.map { ink[place + $0] }
            return 2...6 ~= p.count { $0 } && (0..<8).count { !p[$0] && p[($0 + 1) % 8] } == 1
                && !corner.allSatisfy { p[$0] } && !opposite.allSatisfy { p[$0] }
        }
        for place in removed { ink[place] = false }
        if !removed.isEmpty { last = pass }
        pass += 1
    }
    return (0..<height * width).map { ink[($0 / width + 1) * stride + $0 % width + 1] }
}

/// Clockwise from the one above: Zhang and Suen's P2 … P9, as (y, x).
let neighbourOffsets = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]

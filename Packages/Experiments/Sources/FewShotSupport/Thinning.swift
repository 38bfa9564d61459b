/// A mask's lines of one pixel, with the same connections: a pixel at the edge of the ink goes where that parts nothing
/// and shortens no end, in turns from the south-east and the north-west, until none does (Zhang and Suen 1984). Theirs
/// takes away squares of four whole; of what would vanish here the last pixel stays.
/// - Parameter mask: [height, width], row-major.
package func thinned(_ mask: [Bool], height: Int, width: Int) -> [Bool] {
    // A margin of one pixel without ink.
    let stride = width + 2
    var ink = [Bool](repeating: false, count: (height + 2) * stride)
    for y in 0..<height {
        for x in 0..<width { ink[(y + 1) * stride + x + 1] = mask[y * width + x] }
    }
    let offsets = neighbourOffsets.map { $0 * stride + $1 }, whole = ink
    // In which pass a pixel went.
    var passes = [Int](repeating: 0, count: ink.count), last = -1, pass = 0
    // Two passes in a row that take nothing away end it.
    while pass - last <= 2 {
        let (corner, opposite) = pass % 2 == 0 ? ([0, 2, 4], [2, 4, 6]) : ([0, 2, 6], [0, 4, 6])
        let removed = ink.indices.filter { place in
            guard ink[place] else { return false }
            let p = offsets.map { ink[place + $0] }
            return 2...6 ~= p.count { $0 } && (0..<8).count { !p[$0] && p[($0 + 1) % 8] } == 1
                && !corner.allSatisfy { p[$0] } && !opposite.allSatisfy { p[$0] }
        }
        for place in removed { (ink[place], passes[place]) = (false, pass) }
        if !removed.isEmpty { last = pass }
        pass += 1
    }
    var isSeen = [Bool](repeating: false, count: ink.count)
    for start in whole.indices where whole[start] && !isSeen[start] {
        var part = [start], next = 0
        isSeen[start] = true
        while next < part.count {
            for place in offsets.map({ part[next] + $0 }) where whole[place] && !isSeen[place] {
                isSeen[place] = true
                part.append(place)
            }
            next += 1
        }
        guard !part.contains(where: { ink[$0] }) else { continue }
        let latest = part.map { passes[$0] }.max()!
        ink[part.filter { passes[$0] == latest }.min()!] = true
    }
    return (0..<height * width).map { ink[($0 / width + 1) * stride + $0 % width + 1] }
}

/// Clockwise from the one above: Zhang and Suen's P2 … P9, as (y, x).
let neighbourOffsets = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]

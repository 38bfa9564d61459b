import Randomness

extension RandomStream {
    static func input(_ index: Int, of reader: String) -> RandomStream {
        RandomStream("input \(index) of \(reader)", number: UInt64(index))
    }
}

/// Changes a file at random, as damage and malice do.
struct Mutation {
    private static let numbers: [UInt64] = [
        0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE,
        0xFFFF_FFFF, 0x1_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max,
    ]

    var random: RandomGenerator

    /// One to eight changes of one of the files, or two files joined.
    mutating func changed(_ corpus: [[UInt8]]) -> [UInt8] {
        var bytes = corpus[random.integer(below: corpus.count)]
        for _ in 0...random.integer(below: 8) { change(&bytes, corpus) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ corpus: [[UInt8]]) {
        guard !bytes.isEmpty else {
            bytes = (0..<random.integer(below: 64)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            return
        }
        let place = random.integer(below: bytes.count), rest = bytes.count - place
        switch random.integer(below: 10) {
        case 0, 1: bytes[place] ^= 1 << UInt8(random.integer(below: 8))
        case 2: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 3, 4:  // a number that is often forgotten, in either order
            let width = min([1, 2, 4, 8][random.integer(below: 4)], rest)
            let number = Self.numbers[random.integer(below: Self.numbers.count)],
                isBigEndian = random.integer(below: 2) == 0
            for i in 0..<width {
                bytes[place + i] = UInt8(truncatingIfNeeded: number >> UInt64(8 * (isBigEndian ? width - 1 - i : i)))
            }
        case 5: bytes.removeSubrange(place..<(place + random.integer(below: min(rest, 64)) + 1))
        case 6: bytes.removeSubrange(place...)
        case 7:  // twice, or many times
            let part = Array(bytes[place..<(place + random.integer(below: min(rest, 64)) + 1)])
            let times = [1, 1, 2, 16, 200][random.integer(below: 5)]
            bytes.insert(contentsOf: (0..<times).flatMap { _ in part }, at: place)
        case 8:  // the rest of another file
            let other = corpus[random.integer(below: corpus.count)]
            bytes = Array(bytes[..<place]) + other.dropFirst(random.integer(below: max(other.count, 1)))
        default:  // digits of lengths that are written out
            if let digit = bytes[place...].firstIndex(where: { 48...57 ~= $0 }) {
                bytes[digit] = 48 + UInt8(random.integer(below: 10))
                if random.integer(below: 4) == 0 { bytes.insert(57, at: digit) }
            }
        }
        if bytes.count > 1 << 20 { bytes.removeSubrange((1 << 20)...) }
    }
}

/// Makes the checksums of a PNG file's chunks right again, so that changes get past them.
func repairedPNG(_ file: [UInt8]) -> [UInt8] {
    var bytes = file, place = 8
    while place + 12 <= bytes.count {
        let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
        guard length <= bytes.count - place - 12 else { break }
        var sum = UInt32.max
        for byte in bytes[(place + 4)..<(place + 8 + length)] {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        for i in 0..<4 { bytes[place + 8 + length + i] = UInt8(truncatingIfNeeded: ~sum >> UInt32(24 - 8 * i)) }
        place += 12 + length
    }
    return bytes
}

/// A picture's size and whether it is grey, from the beginning of its file: nothing is decoded.
struct PictureHeader: Sendable, Hashable {
    /// As shown: turned as the EXIF orientation says.
    let width: Int, height: Int
    /// Stored without colours; a palette counts as colours.
    let isGrey: Bool

    /// Nil for what is neither PNG nor JPEG, or cut off: decoding says what is wrong.
    init?(_ bytes: [UInt8]) {
        func integer(_ offset: Int, _ width: Int) -> Int {
            bytes[offset..<(offset + width)].reduce(0) { $0 << 8 | Int($1) }
        }
        switch PictureFormat(bytes) {
        case .png:
            // Behind the signature stands IHDR: width, height, depth, colour type (0 and 4 are grey).
            guard bytes.count >= 26 else { return nil }
            (width, height, isGrey) = (integer(16, 4), integer(20, 4), bytes[25] == 0 || bytes[25] == 4)
        case .jpeg:
            guard let frame = Self.frame(bytes) else { return nil }
            let isTurned = EXIFOrientation.of(bytes) >= 5
            let (across, down) = (integer(frame + 3, 2), integer(frame + 1, 2))
            (width, height) = isTurned ? (down, across) : (across, down)
            isGrey = bytes[frame + 5] == 1
        default: return nil
        }
    }

    /// Where the content of JPEG's frame header begins: depth, height, width, components.
    private static func frame(_ bytes: [UInt8]) -> Int? {
        var position = 2
        while position + 9 < bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            if marker == 0xFF {  // padding
                position += 1
                continue
            }
            // SOF0 … SOF15, of which three numbers are other segments.
            if 0xC0...0xCF ~= marker, ![0xC4, 0xC8, 0xCC].contains(marker) { return position + 4 }
            position += 2 + (Int(bytes[position + 2]) << 8 | Int(bytes[position + 3]))
        }
        return nil
    }
}

/// How a camera was held: the orientation in a JPEG file's EXIF block (JEITA CP-3451, tag 0x0112).
enum EXIFOrientation {
    /// 1 … 8; 1, upright, where the file says nothing or something else.
    static func of(_ bytes: [UInt8]) -> Int {
        // Segments: FF, marker, length in two bytes. The EXIF block is the first APP1 that says so.
        var position = 2
        while position + 4 <= bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            if marker == 0xFF {  // padding
                position += 1
                continue
            }
            if marker == 0xDA || marker == 0xD9 { break }
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            let end = min(position + 2 + length, bytes.count)
            if marker == 0xE1, let orientation = orientation(inBlock: bytes[min(position + 4, end)..<end]) {
                return orientation
            }
            guard length >= 2 else { break }
            position += 2 + length
        }
        return 1
    }

    private static func orientation(inBlock block: ArraySlice<UInt8>) -> Int? {
        guard block.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) else { return nil }
        let tiff = Array(block.dropFirst(6))
        let isLittleEndian = tiff.starts(with: [0x49, 0x49])
        guard isLittleEndian || tiff.starts(with: [0x4D, 0x4D]) else { return nil }
        func integer(_ offset: Int, _ width: Int) -> Int? {
            guard offset >= 0, offset + width <= tiff.count else { return nil }
            let part = tiff[offset..<(offset + width)]
            return (isLittleEndian ? part.reversed() : Array(part)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = integer(4, 4), let count = integer(directory, 2) else { return nil }
        for entry in 0..<count {
            let place = directory + 2 + 12 * entry
            guard let tag = integer(place, 2) else { return nil }
            if tag == 0x0112, integer(place + 2, 2) == 3, let value = integer(place + 8, 2), 1...8 ~= value {
                return value
            }
        }
        return nil
    }
}

extension RasterImage {
    /// The picture as it is to be seen, of one stored with this EXIF orientation.
    func oriented(_ orientation: Int) -> RasterImage {
        guard 2...8 ~= orientation else { return self }
        // 5 … 8 exchange rows and columns.
        let newWidth = orientation >= 5 ? height : width, newHeight = orientation >= 5 ? width : height
        var result = [UInt8](repeating: 0, count: pixels.count)
        for y in 0..<newHeight {
            for x in 0..<newWidth {
                let (fromX, fromY) =
                    switch orientation {
                    case 2: (width - 1 - x, y)
                    case 3: (width - 1 - x, height - 1 - y)
                    case 4: (x, height - 1 - y)
                    case 5: (y, x)
                    case 6: (y, height - 1 - x)
                    case 7: (width - 1 - y, height - 1 - x)
                    default: (width - 1 - y, x)
                    }
                for channel in 0..<channels {
                    result[(y * newWidth + x) * channels + channel] =
                        pixels[(fromY * width + fromX) * channels + channel]
                }
            }
        }
        return RasterImage(width: newWidth, height: newHeight, channels: channels, pixels: result)
    }
}

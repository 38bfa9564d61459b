import Foundation

/// A small picture with a caption, carried inside the page as an uncompressed BMP.
public struct GalleryImage: Sendable {
    /// What a frame in its colour says, beside the caption's words.
    public enum Mark: String, Sendable { case right, wrong }

    let caption: String
    let mark: Mark?
    let height: Int, width: Int
    /// Three bytes a pixel, blue first, rows from the bottom: BMP's order.
    private let pixels: [UInt8]

    /// - Parameter planes: channels x height x width, 0 … 255; 1 channel is grey, 3 are red, green, blue.
    public init(
        pixels planes: [UInt8], channels: Int, height: Int, width: Int, caption: String, mark: Mark? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            (channels == 1 || channels == 3) && planes.count == channels * height * width,
            "image: \(planes.count) bytes for \(channels) x \(height) x \(width)", file: file, line: line)
        self.caption = caption
        self.mark = mark
        self.height = height
        self.width = width
        var rows: [UInt8] = []
        for y in stride(from: height - 1, through: 0, by: -1) {
            for x in 0..<width {
                for channel in [2, 1, 0] {
                    rows.append(planes[(channels == 1 ? 0 : channel) * height * width + y * width + x])
                }
            }
            rows += [UInt8](repeating: 0, count: (4 - width * 3 % 4) % 4)
        }
        pixels = rows
    }

    var bitmap: [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        return [0x42, 0x4d] + little(54 + pixels.count, 4) + little(0, 4) + little(54, 4)
            + little(40, 4) + little(width, 4) + little(height, 4) + little(1, 2) + little(24, 2) + little(0, 4)
            + little(pixels.count, 4) + little(2835, 4) + little(2835, 4) + little(0, 8) + pixels
    }

    var html: String {
        let data = Data(bitmap).base64EncodedString()
        let text = escaped(caption)
        let frame = mark.map { " class='\($0.rawValue)'" } ?? ""
        return "<figure\(frame)><img alt='\(text)' src='data:image/bmp;base64,\(data)'>"
            + "<figcaption>\(text)</figcaption></figure>"
    }
}

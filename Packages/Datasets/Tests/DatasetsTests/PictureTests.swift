import Datasets
import Foundation
import Randomness
import Testing

@Suite struct PictureTests {
    struct Case: Decodable { let name: String, jpeg: Data, width: Int, height: Int, channels: Int, pixels: Data }

    static func jpegs() throws -> [Case] { try JSONDecoder().decode([Case].self, from: fixture("jpeg.json")) }

    static func jpeg(_ name: String) throws -> [UInt8] {
        [UInt8](try #require(try jpegs().first { $0.name == name }).jpeg)
    }

    @Test("baseline, progressive and grey JPEG decode to the pixels of pillow, upright in every EXIF orientation")
    func agreesWithPillow() throws {
        let cases = try Self.jpegs().filter { $0.name != "CMYK" }
        #expect(cases.count == 15)
        for item in cases {
            let image = try Picture.decode([UInt8](item.jpeg), name: item.name)
            #expect(
                (image.width, image.height, image.channels) == (item.width, item.height, item.channels), "\(item.name)")
            // pillow's own libjpeg-turbo may be another version, whose vector code rounds a sample otherwise.
            let difference = zip(image.pixels, item.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
            #expect(difference <= 1, "\(item.name): \(difference)")
        }
    }

    @Test("the content decides, not the ending")
    func content() throws {
        let scratch = try Scratch()
        try scratch.write(try Self.jpeg("grey"), "a/1.png")
        try scratch.write(
            PNG.encode(RasterImage(width: 23, height: 21, channels: 1, pixels: [UInt8](repeating: 7, count: 483))),
            "a/2.jpg")
        try scratch.write(try Self.jpeg("progressive"), "a/3.JPEG")
        let images = try ImageClasses(
            contentsOf: try FileTree(path: scratch.path), name: "mixed", preparation: ImagePreparation(channels: 1),
            cache: ImageCache(directory: nil))
        #expect(images.imageCount == 3 && images.picture(1).pixels.allSatisfy { $0 == 7 })
    }

    @Test("CMYK is refused by name")
    func cmyk() throws {
        let error = try #require(throws: DatasetError.self) { try Picture.decode(try Self.jpeg("CMYK"), name: "p.jpg") }
        #expect(error == .unsupported(at: "p.jpg", "a grey or RGB JPEG file expected: this one is CMYK, for printing"))
    }

    @Test("other formats are refused by name")
    func otherFormats() throws {
        let files = try fixtures("other-pictures.json").mapValues { [UInt8]($0) }
        let heic: [UInt8] = [0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0, 0, 0] + Array("mif1heic".utf8)
        let cases: [(String, [UInt8]?)] = [
            ("WebP", files["WEBP"]), ("TIFF", files["TIFF"]), ("GIF", files["GIF"]), ("BMP", files["BMP"]),
            ("AVIF", files["AVIF"]), ("HEIC", heic), ("SVG", Array("<?xml version=\"1.0\"?><svg/>".utf8)),
        ]
        for (name, bytes) in cases {
            let bytes = try #require(bytes)
            for ending in ["png", "jpg", "webp"] {
                #expect(
                    complaint { _ = try Picture.decode(bytes, name: "x.\(ending)") }
                        == "x.\(ending): a PNG or JPEG file expected, this is \(name)")
            }
        }
        #expect(
            complaint { _ = try Picture.decode(Array("<html>".utf8), name: "x.png") }.contains("this is an HTML page"))
        #expect(complaint { _ = try Picture.decode([], name: "x.png") }.contains("this is an empty file"))
        #expect(complaint { _ = try Picture.decode([1, 2, 3], name: "x.png") }.contains("neither signature is there"))
    }

    @Test("a PNG file that a transfer in text mode changed is named so")
    func textMode() {
        // As from Windows to Unix: of each CR LF only LF is left.
        let bytes = Array(greyPNG(1)), changed = Array(bytes[..<4]) + [10] + bytes[6...]
        #expect(complaint { _ = try Picture.decode(changed, name: "a.png") }.contains("a transfer in text mode"))
    }

    @Test("what cameras and programs leave in JPEG files does not matter: bytes behind, fill bytes, broken EXIF")
    func harmlessOddities() throws {
        let intact = try Self.jpeg("colour, 4:2:0"), pixels = try JPEG.decode(intact, name: "a.jpg").pixels
        let marker = try #require(intact.indices.dropLast().first { intact[$0] == 0xFF && intact[$0 + 1] == 0xDB })
        func with(_ bytes: [UInt8]) -> [UInt8] { Array(intact[..<marker]) + bytes + intact[marker...] }
        func segment(_ kind: UInt8, _ content: [UInt8]) -> [UInt8] {
            [0xFF, kind, UInt8((content.count + 2) / 256), UInt8((content.count + 2) % 256)] + content
        }
        let exif = Array("Exif\0\0".utf8)
        for (name, bytes) in [
            ("a second picture behind, as in MPO", intact + intact), ("text behind", intact + Array("SEFT".utf8)),
            ("no end marker", Array(intact.dropLast(2))), ("fill bytes", with([0xFF, 0xFF, 0xFF])),
            ("bytes before a marker", with([0, 0, 0])),
            ("EXIF cut off", with(segment(0xE1, exif + Array("MM\0*".utf8)))),
            ("EXIF of garbage", with(segment(0xE1, exif + [UInt8](repeating: 0xFF, count: 40)))),
            ("a long comment", with(segment(0xFE, [UInt8](repeating: 120, count: 60_000)))),
        ] { #expect(try JPEG.decode(bytes, name: name).pixels == pixels, "\(name)") }
    }

    @Test("Apple's variant of PNG is named")
    func cgbi() {
        var bytes = greyPNG(1)
        let chunk: [UInt8] = [0, 0, 0, 4] + Array("CgBI".utf8) + [0x50, 0, 0x20, 2, 0x2B, 0xD5, 0xB3, 0x7F]
        bytes.insert(contentsOf: chunk, at: 8)
        #expect(complaint { _ = try Picture.decode(bytes, name: "iphone.png") }.contains("Apple's CgBI variant"))
    }

    @Test("a JPEG file cut anywhere, or without an image, is an error and never a grey rest")
    func cutOff() throws {
        for name in ["grey", "colour, 4:2:0", "progressive", "restart markers"] {
            let intact = try Self.jpeg(name)
            // The last two bytes are the end marker, without which a baseline picture is whole.
            for length in stride(from: 0, to: intact.count - 12, by: 7) {
                let message = complaint { _ = try JPEG.decode(Array(intact[..<length]), name: "cut.jpg") }
                #expect(message.hasPrefix("cut.jpg: an intact JPEG file expected: "), "\(name), \(length): \(message)")
            }
        }
        let stub: [UInt8] =
            [0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0, 0xFF, 0xD9]
        #expect(complaint { _ = try JPEG.decode(stub, name: "x.jpg") }.contains("no image"))
    }

    @Test("a JPEG file that claims a huge picture is refused before memory is taken")
    func limits() throws {
        let bytes = try Self.jpeg("grey")
        #expect(
            complaint { _ = try JPEG.decode(bytes, name: "a.jpg", limits: .init(maximumSide: 22)) }
                == "a.jpg: an intact JPEG file expected: at most 22 pixels a side, got 23 x 21")
        #expect(
            complaint { _ = try JPEG.decode(bytes, name: "a.jpg", limits: .init(maximumBytes: 482)) }.contains(
                "23 x 21 pixels are larger than the limit"))
        var huge = bytes
        let frame = try #require(huge.indices.dropLast(9).first { huge[$0] == 0xFF && huge[$0 + 1] == 0xC0 })
        huge.replaceSubrange((frame + 5)..<(frame + 9), with: [0x40, 0, 0x40, 0])
        #expect(complaint { _ = try JPEG.decode(huge, name: "a.jpg") }.contains("damaged"))
    }

    @Test("damaged JPEG files are errors or pictures, never a crash")
    func damage() throws {
        var random = RandomGenerator(seed: 12), refused = 0
        for name in ["colour, 4:2:0", "progressive", "orientation 6"] {
            let intact = try Self.jpeg(name)
            for _ in 0..<500 {
                var bytes = intact
                for _ in 0...random.integer(below: 4) {
                    bytes[random.integer(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                }
                if complaint({ _ = try Picture.decode(bytes, name: "d.jpg") }) != "no complaint" { refused += 1 }
            }
        }
        #expect(refused > 100)
    }
}

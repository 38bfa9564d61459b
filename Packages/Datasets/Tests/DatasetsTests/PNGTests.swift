import Datasets
import Foundation
import Randomness
import Testing

@Suite struct PNGTests {
    struct Case: Decodable {
        let name: String, png: Data, width: Int, height: Int, channels: Int, pixels: Data
        let samples16: Data?
    }

    static func cases() throws -> [Case] { try JSONDecoder().decode([Case].self, from: fixture("png.json")) }

    @Test("every colour type and depth, interlaced or not, with tRNS or not, decodes to the pixels of pillow")
    func agreesWithPillow() throws {
        let cases = try Self.cases()
        // 15 types and depths, 2 interlacings, 2 transparencies, 3 sizes, less tRNS in the 4 with alpha
        #expect(cases.count == 180 - 24)
        for item in cases {
            let image = try PNG.decode([UInt8](item.png), name: item.name)
            #expect(
                image
                    == RasterImage(
                        width: item.width, height: item.height, channels: item.channels, pixels: [UInt8](item.pixels)),
                "\(item.name)")
        }
    }

    @Test("16-bit files keep both bytes when asked to")
    func sixteenBits() throws {
        for item in try Self.cases() where item.samples16 != nil {
            let image = try PNG.decode16([UInt8](item.png), name: item.name), bytes = [UInt8](item.samples16!)
            #expect((image.width, image.height, image.channels) == (item.width, item.height, item.channels))
            #expect(
                image.samples == (0..<bytes.count / 2).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) },
                "\(item.name)")
        }
        let eight = PNG.encode(RasterImage(width: 1, height: 1, channels: 1, pixels: [7]))
        #expect(
            complaint { _ = try PNG.decode16(eight, name: "small.png") }
                == "small.png: a PNG of 16 bits a sample expected, got at most 8")
    }

    @Test("what is encoded decodes to itself", arguments: 1...4)
    func roundTrip(channels: Int) throws {
        var random = RandomGenerator(seed: UInt64(channels))
        let image = RasterImage(
            width: 37, height: 11, channels: channels,
            pixels: (0..<37 * 11 * channels).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        for level in [0, 6, 9] {
            #expect(try PNG.decode(PNG.encode(image, compressionLevel: level), name: "round trip") == image)
        }
    }

    @Test("a file that is cut off anywhere is an error that names it")
    func truncation() throws {
        let bytes = PNG.encode(RasterImage(width: 9, height: 5, channels: 3, pixels: [UInt8](0..<135)))
        for length in 0..<bytes.count {
            #expect(
                complaint { _ = try PNG.decode(Array(bytes[..<length]), name: "cut.png") }.hasPrefix(
                    "cut.png: an intact PNG file expected"), "\(length) bytes")
        }
    }

    @Test("a few bytes that claim a huge picture are refused before memory is taken")
    func bombs() throws {
        let bytes = PNG.encode(
            RasterImage(width: 100, height: 100, channels: 1, pixels: [UInt8](repeating: 0, count: 10_000)))
        #expect(
            complaint { _ = try PNG.decode(bytes, name: "a.png", limits: .init(maximumSide: 99)) }.contains(
                "at most 99 pixels a side, got 100 x 100"))
        #expect(
            complaint { _ = try PNG.decode(bytes, name: "a.png", limits: .init(maximumBytes: 9_999)) }.contains(
                "larger than the limit"))
        #expect(
            complaint {
                _ = try PNG.decode(bytes, name: "a.png", limits: .init(maximumSide: 100, maximumBytes: 10_000))
            } == "no complaint")
    }

    /// Run this one under the AddressSanitizer: `swift test --sanitize=address --filter PNGTests`.
    @Test("10,000 mutated files give errors or images, never a crash")
    func mutations() throws {
        let seeds =
            try Self.cases().map { [UInt8]($0.png) }
            + [1, 3].map { channels in
                PNG.encode(
                    RasterImage(
                        width: 40, height: 30, channels: channels,
                        pixels: (0..<1200 * channels).map { UInt8($0 * $0 % 251) }))
            }
        var random = RandomGenerator(seed: 11), decoded = 0, refused = 0
        for i in 0..<10_000 {
            var bytes = seeds[i % seeds.count]
            for _ in 0...Int(random.next() % 4) {
                // Half of them in the header and the chunks before the data.
                let place = Int(random.next() % UInt64(random.next() % 2 == 0 ? bytes.count : min(bytes.count, 64)))
                switch random.next() % 10 {
                case 0...3: bytes[place] ^= 1 << UInt8(random.next() % 8)
                case 4...6: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 7 where bytes.count > 9:
                    bytes.removeSubrange(place..<min(bytes.count, place + 1 + Int(random.next() % 8)))
                case 8: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                default: bytes = Array(bytes[..<max(1, place)])
                }
                if bytes.isEmpty { bytes = [0] }
            }
            // Three in four with right checksums: otherwise hardly any gets past the first damaged chunk.
            if i % 4 != 0 { Self.repairChecksums(&bytes) }
            do {
                let image = try PNG.decode(bytes, name: "mutated \(i)", limits: .init(maximumBytes: 1 << 22))
                #expect(image.pixels.count == image.width * image.height * image.channels)
                decoded += 1
            } catch { refused += 1 }
        }
        print("mutated PNG files: \(decoded) decoded, \(refused) refused")
        #expect(decoded > 100 && refused > 5_000)
    }

    @Test("10,000 well-formed files of random content, sizes and chunk lengths give errors or images, never a crash")
    func randomContent() throws {
        var random = RandomGenerator(seed: 12), decoded = 0
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
        func someBytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(below(256)) } }
        for i in 0..<10_000 {
            let (type, depths) = [
                (0, [1, 2, 4, 8, 16]), (2, [8, 16]), (3, [1, 2, 4, 8]), (4, [8, 16]), (6, [8, 16]),
            ][below(5)]
            let depth = depths[below(depths.count)], width = 1 + below(20), height = 1 + below(20),
                interlaced = below(2)
            let bits = [1, 0, 3, 1, 2, 0, 4][type] * depth
            var raw: [UInt8] = []
            for pass in interlaced == 0
                ? [[0, 0, 1, 1]]
                : [
                    [0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2],
                ]
            {
                let columns = (width - pass[0] + pass[2] - 1) / pass[2],
                    rows = (height - pass[1] + pass[3] - 1) / pass[3]
                if columns > 0, rows > 0 {
                    for _ in 0..<rows {
                        raw += [UInt8(below(i % 50 == 0 ? 256 : 5))] + someBytes((columns * bits + 7) / 8)
                    }
                }
            }
            if i % 5 == 0 { raw = Array(raw.prefix(below(raw.count + 1))) + someBytes(below(3) == 0 ? 40 : 0) }
            var bytes: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]
            func add(_ name: String, _ content: [UInt8]) {
                bytes += bigEndian(content.count) + Array(name.utf8) + content + [0, 0, 0, 0]
            }
            add("IHDR", bigEndian(width) + bigEndian(height) + [UInt8(depth), UInt8(type), 0, 0, UInt8(interlaced)])
            if type == 3 || below(10) == 0 { add("PLTE", someBytes(3 * (1 + below(256)))) }
            if below(3) == 0 { add("tRNS", someBytes([2, 6, 1 + below(256)][below(3)])) }
            // Stored deflate: the content need not be compressed to be valid.
            var a = 1, b = 0
            for byte in raw { (a, b) = ((a + Int(byte)) % 65_521, (b + a + Int(byte)) % 65_521) }
            add(
                "IDAT",
                [
                    0x78, 1, 1, UInt8(raw.count & 255), UInt8(raw.count >> 8), ~UInt8(raw.count & 255),
                    ~UInt8(raw.count >> 8),
                ] + raw + bigEndian(b << 16 | a))
            add("IEND", [])
            Self.repairChecksums(&bytes)
            if let image = try? PNG.decode(bytes, name: "random \(i)") {
                #expect((image.width, image.height) == (width, height))
                decoded += 1
            }
        }
        print("random PNG files: \(decoded) of 10,000 decoded")
        #expect(decoded > 5_000)
    }

    private static func repairChecksums(_ bytes: inout [UInt8]) {
        var start = 8
        while start + 12 <= bytes.count {
            let length = bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - start - 12 else { return }
            var crc: UInt32 = 0xffff_ffff
            for byte in bytes[(start + 4)..<(start + 8 + length)] {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
            }
            for i in 0..<4 { bytes[start + 8 + length + i] = UInt8(truncatingIfNeeded: ~crc >> UInt32(24 - 8 * i)) }
            start += 12 + length
        }
    }
}

@Suite struct RasterImageTests {
    struct Case: Decodable { let png: Data, filter: String, width: Int, height: Int, pixels: Data }

    @Test("resizing gives the pixels of pillow")
    func resizing() throws {
        for item in try JSONDecoder().decode([Case].self, from: fixture("resizing.json")) {
            let source = try PNG.decode([UInt8](item.png), name: "source")
            let resized = source.resized(
                width: item.width, height: item.height, filter: try #require(ResizingFilter(rawValue: item.filter)))
            #expect(
                resized.pixels == [UInt8](item.pixels),
                "\(source.width) x \(source.height) to \(item.width) x \(item.height), \(item.filter)")
        }
    }

    @Test("transparent parts show white, and grey is BT.601's luma")
    func conversion() {
        let image = RasterImage(width: 2, height: 1, channels: 4, pixels: [255, 0, 0, 255, 0, 0, 0, 0])
        #expect(image.converted(toChannels: 3).pixels == [255, 0, 0, 255, 255, 255])
        #expect(image.converted(toChannels: 1).pixels == [76, 255])
        let grey = RasterImage(width: 2, height: 1, channels: 2, pixels: [100, 255, 100, 0])
        #expect(grey.converted(toChannels: 1).pixels == [100, 255])
        #expect(grey.converted(toChannels: 3).inverted().pixels == [155, 155, 155, 0, 0, 0])
    }
}

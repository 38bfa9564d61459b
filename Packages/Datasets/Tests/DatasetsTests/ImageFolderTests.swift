import Datasets
import Foundation
import Testing

/// A PNG of one grey value.
func greyPNG(_ value: UInt8, width: Int = 2, height: Int = 2) -> [UInt8] {
    PNG.encode(
        RasterImage(width: width, height: height, channels: 1, pixels: [UInt8](repeating: value, count: width * height))
    )
}

@Suite struct ImageFolderTests {
    let plain = ImagePreparation(channels: 1)

    func load(_ scratch: Scratch, _ preparation: ImagePreparation? = nil, cache: String? = nil) throws -> ImageClasses {
        try ImageClasses(
            contentsOf: try FileTree(path: scratch.path), name: "test", preparation: preparation ?? plain,
            cache: ImageCache(directory: cache))
    }

    @Test("every folder that holds PNG files is a class, at any depth")
    func classes() throws {
        let scratch = try Scratch()
        for (i, name) in [
            "b/2.png", "b/1.png", "a/x/1.png", "a/y/1.PNG", ".hidden/1.png", "a/._1.png", "__MACOSX/1.png",
        ].enumerated() { try scratch.write(greyPNG(UInt8(i)), name) }
        try scratch.write([1, 2, 3], "b/notes.txt")
        let images = try load(scratch)
        #expect((0..<images.classCount).map(images.className) == ["a/x", "a/y", "b"])
        #expect(images.images(ofClass: 2) == 2..<4 && images.imageCount == 4)
        #expect(
            images.floats(of: [0, 1, 2, 3]).map { ($0 * 255).rounded() }
                == [2, 3, 1, 0].flatMap { [Float](repeating: $0, count: 4) })
    }

    @Test("images are [channels, height, width] and inverted when ink is to be 1")
    func layout() throws {
        let scratch = try Scratch()
        try scratch.write(
            PNG.encode(RasterImage(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 4, 5, 6])), "a/1.png")
        let colour = try load(scratch, ImagePreparation(channels: 3))
        #expect(colour.floats(of: [0]).map { ($0 * 255).rounded() } == [1, 4, 2, 5, 3, 6])
        #expect(colour.picture(0).pixels == [1, 2, 3, 4, 5, 6])
        let inverted = try load(scratch, ImagePreparation(channels: 3, isInverted: true))
        #expect(inverted.floats(of: [0]).map { ($0 * 255).rounded() } == [254, 251, 253, 250, 252, 249])
        #expect(inverted.hash != colour.hash)
    }

    @Test("a turned class shows its images turned counterclockwise")
    func rotations() throws {
        let scratch = try Scratch()
        try scratch.write(PNG.encode(RasterImage(width: 3, height: 3, channels: 1, pixels: [UInt8](0..<9))), "a/1.png")
        let images = try load(scratch).withRotations()
        #expect((0..<4).map(images.className) == ["a", "a turned by 90°", "a turned by 180°", "a turned by 270°"])
        let turned = (0..<4).map { images.picture(images.images(ofClass: $0).lowerBound).pixels }
        // numpy.rot90(arange(9).reshape(3, 3), k)
        #expect(
            turned == [
                [0, 1, 2, 3, 4, 5, 6, 7, 8], [2, 5, 8, 1, 4, 7, 0, 3, 6], [8, 7, 6, 5, 4, 3, 2, 1, 0],
                [6, 3, 0, 7, 4, 1, 8, 5, 2],
            ])
        for c in 0..<4 {
            #expect(
                images.floats(of: [images.images(ofClass: c).lowerBound]).map { UInt8($0 * 255 + 0.5) } == turned[c])
        }
    }

    @Test("mixed sizes, a damaged image and an empty folder are named")
    func complaints() throws {
        let scratch = try Scratch()
        #expect(complaint { _ = try load(scratch) }.contains("folders of PNG files expected"))
        try scratch.write(greyPNG(1), "a/1.png")
        try scratch.write(greyPNG(1, width: 3), "a/2.png")
        #expect(
            complaint { _ = try load(scratch) }
                == "\(scratch.path)/a/2.png: an image of 2 x 2 pixels expected as in \(scratch.path)/a/1.png, "
                + "got 3 x 2; few-shot's --side gives all one size"
        )
        #expect(try load(scratch, ImagePreparation(channels: 1, side: 2)).imageCount == 2)
        try scratch.write(Array(greyPNG(1).dropLast(20)), "a/2.png")
        #expect(complaint { _ = try load(scratch) }.hasPrefix("\(scratch.path)/a/2.png: an intact PNG file expected"))
        #expect(complaint { _ = try FileTree(path: "\(scratch.path)/nowhere") }.contains("it is not there"))
    }

    @Test("a cache gives the same images, belongs to its source, and a damaged one is made anew")
    func caching() throws {
        let scratch = try Scratch(), cache = try Scratch()
        try scratch.write(greyPNG(1), "a/1.png")
        try scratch.write(greyPNG(2), "b/1.png")
        func cached() throws -> ImageClasses { try load(scratch, cache: cache.path) }
        func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: cache.path) }
        let direct = try load(scratch)
        for _ in 0..<2 {
            let images = try cached()
            #expect(images.hash == direct.hash && images.floats(of: [0, 1]) == direct.floats(of: [0, 1]))
        }
        let name = try #require(try files().first)
        #expect(try files().count == 1 && name.hasSuffix(".images"))
        let intact = [UInt8](try #require(FileManager.default.contents(atPath: "\(cache.path)/\(name)")))
        for damaged in [
            [], Array(intact.dropLast()), Array(intact.dropFirst()), [UInt8](repeating: 255, count: intact.count),
        ] {
            try cache.write(damaged, name)
            #expect(try cached().hash == direct.hash)
        }
        try scratch.write(greyPNG(3), "b/1.png")
        #expect(try cached().floats(of: [1])[0] == 3 / 255)
        #expect(try files().count == 2)
        #expect(complaint { _ = try load(scratch, cache: "\(scratch.path)/a/1.png/cache") }.contains("not writable"))
    }

    // What pillow finds in the 32,460 files: black pixels at 105 x 105, and the sum of 255 - v after its bilinear
    // resize to 28 x 28.
    static let omniglotInk = 28_814_268, omniglotInk28 = 522_485_737

    @Test(
        "all of Omniglot decodes, with the ink that pillow finds",
        .enabled(
            if: hasData("omniglot/images_background.zip") && isOptimised, "needs data/omniglot and a release build"))
    func omniglot() throws {
        let tree = try FileTree(path: "\(dataDirectory)/omniglot"), cache = try Scratch()
        let full = try ImageClasses(
            contentsOf: tree, name: "omniglot-105", preparation: ImagePreparation(channels: 1, isInverted: true),
            cache: ImageCache(directory: cache.path))
        #expect(full.classCount == 964 + 659 && full.imageCount == 32_460)
        #expect(full.inkTotal == 255 * Self.omniglotInk)

        let clock = ContinuousClock()
        var hashes: [String] = []
        let times = try (0..<2).map { _ in
            try clock.measure {
                let images = try ImageClasses(
                    contentsOf: try FileTree(path: tree.root), name: "omniglot", preparation: .omniglot,
                    cache: ImageCache(directory: cache.path))
                hashes.append(images.hash)
                #expect(images.inkTotal == Self.omniglotInk28)
            }
        }
        print("Omniglot, 28 x 28: first start \(times[0]), second \(times[1])")
        #expect(hashes[0] == hashes[1] && times[1] < .seconds(1))
    }
}

extension ImageClasses {
    /// The sum of all samples, 0 … 255.
    var inkTotal: Int {
        (0..<classCount).reduce(0) { total, c in
            total + images(ofClass: c).reduce(0) { $0 + picture($1).pixels.reduce(0) { $0 + Int($1) } }
        }
    }
}

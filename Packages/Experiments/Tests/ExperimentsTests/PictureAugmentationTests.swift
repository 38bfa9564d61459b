import Datasets
import FewShotSupport
import Foundation
import Randomness
import RunSupport
import Testing

@Suite struct PictureAugmentationTests {
    private let image = (channels: 2, height: 12, width: 20)

    /// One picture after another; a value may tell its picture, channel, row and column.
    private func pictures(_ count: Int, _ value: (Int, Int, Int, Int) -> Double) -> [Float] {
        (0..<count).flatMap { n in
            (0..<image.channels).flatMap { c in
                (0..<image.height).flatMap { y in (0..<image.width).map { x in Float(value(n, c, y, x)) } }
            }
        }
    }

    private func changed(_ pictures: [Float], seed: UInt64 = 3) -> [Float] {
        var pictures = pictures, random = RandomGenerator(seed: seed)
        pictures.withUnsafeMutableBufferPointer {
            PictureAugmentation.crops.apply(to: $0, image, using: &random)
        }
        return pictures
    }

    /// Of a slope, a part is a slope again, of nine tenths or more, downward where it is mirrored, the same in every
    /// row; between pixels it is read exactly.
    @Test func aPartIsAsLargeAsItSaysAndHalfOfThemAreMirrored() {
        let count = 200, slopes = changed(pictures(count) { _, c, _, x in Double(10 * c + x) }),
            plane = image.height * image.width
        var mirrored = 0, sides: [Double] = []
        for n in 0..<count {
            let picture = slopes[(n * 2 * plane)..<((n + 1) * 2 * plane)].map(Double.init),
                slope = (picture[image.width - 1] - picture[0]) / Double(image.width - 1)
            mirrored += slope < 0 ? 1 : 0
            sides.append(abs(slope))
            for index in picture.indices {
                let channel = index / plane, x = Double(index % image.width)
                #expect(abs(picture[index] - (picture[0] + 10 * Double(channel) + slope * x)) < 1e-4)
            }
            #expect(picture.min()! >= -1e-5 && picture.max()! <= Double(10 + image.width - 1) + 1e-5)
        }
        #expect((70...130).contains(mirrored))
        #expect(sides.allSatisfy { (0.9 - 1e-5)...(1 + 1e-5) ~= $0 } && sides.max()! - sides.min()! > 0.08)
    }

    @Test func rowsAreNeverTurnedOver() {
        let slopes = changed(pictures(50) { _, _, y, _ in Double(y) }), last = (image.height - 1) * image.width
        for start in stride(from: 0, to: slopes.count, by: image.height * image.width) {
            #expect(slopes[start + last] - slopes[start] >= 0.9 * Float(image.height - 1) - 1e-4)
        }
    }

    @Test func aSeedAlwaysGivesTheSameAndNoneChangesNothing() {
        let given = pictures(3) { n, c, y, x in Double((n * 37 + c * 11 + y * 5 + x * x) % 17) }
        let once = changed(given)
        #expect(once == changed(given) && once != changed(given, seed: 4) && once != given)
        var same = given, random = RandomGenerator(seed: 3)
        same.withUnsafeMutableBufferPointer { PictureAugmentation.none.apply(to: $0, image, using: &random) }
        #expect(same == given && random.drawnCount == 0)
    }

    /// Training sees other pictures with it, on any number of threads and after resumption the same ones.
    @Test func trainingWithItResumesToTheSameBits() throws {
        let scratch = NSTemporaryDirectory() + "augmentation-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let data = try FewShotData.load(.glyphs, path: "")
        func run(_ augmentation: PictureAugmentation, threads: Int = 1, _ folder: String, until count: Int = 3) throws
            -> [[Double]]
        {
            var settings = FewShotConfiguration()
            (settings.dataset, settings.hidden, settings.innerIterations, settings.queries) = (.glyphs, 8, 2, 3)
            (settings.metaIterations, settings.metaBatch, settings.validateEvery) = (3, 2, 1)
            (settings.validationEpisodes, settings.testEpisodes) = (2, 2)
            (settings.augmentation, settings.threads) = (augmentation, threads)
            let run = try FewShotRun(settings, data: data), path = "\(scratch)/\(folder)",
                driver = try RunDriver(run, output: path, resumes: FileManager.default.fileExists(atPath: path))
            while run.iteration < count { try driver.step() }
            return run.checkpoint.tensors.map(\.tensor.scalars)
        }
        let whole = try run(.crops, "whole"), plain = try run(.none, "plain")
        #expect(whole != plain)
        #expect(try run(.crops, threads: 2, "two") == whole)
        _ = try run(.crops, "stopped", until: 1)
        #expect(try run(.crops, "stopped") == whole)
    }
}

import Datasets
import Foundation
import Randomness

/// A folder of class folders with errors to try label cleaning on: pictures of Fashion-MNIST's test file, a tenth of
/// them in the folder of another class. A picture's name says what it really is (`coat/sandal-00017.png`).
package enum NoisyFolder {
    package static let name = "noisy-folder"
    private static let count = 3000, wrong = 300

    /// - Parameters:
    ///   - source: folder of Fashion-MNIST's IDX files.
    ///   - parent: where the folder `noisy-folder` is made, which must not be there yet.
    package static func prepare(
        from source: String, into parent: String, say: (String) -> Void
    ) throws {
        let folder = "\(parent)/\(name)", files = FileManager.default
        guard !files.fileExists(atPath: folder) else {
            throw DatasetError.impossible(at: folder, "a new folder expected, it is there")
        }
        let images = try ImageDataset.fashionMNIST.loadTest(directory: source)
        guard images.count >= count else {
            throw DatasetError.impossible(at: source, "at least \(count) test images expected, got \(images.count)")
        }
        var random = RandomGenerator(seed: 0, stream: .noisyFolder)
        let classes = UInt64(images.classCount)
        let unfinished = folder + ".unfinished"
        try? files.removeItem(atPath: unfinished)
        for label in 0..<images.classCount {
            try files.createDirectory(atPath: "\(unfinished)/\(className(label))", withIntermediateDirectories: true)
        }
        for index in 0..<count {
            let label = Int(images.labels[index])
            let other = (label + 1 + Int(random.next() % (classes - 1))) % images.classCount
            let place = index % (count / wrong) == 0 ? other : label
            let picture = RasterImage(
                width: images.width, height: images.height, channels: 1, pixels: images.image(index))
            let file = String(format: "%@-%05d.png", className(label), index)
            try Data(PNG.encode(picture)).write(
                to: URL(fileURLWithPath: "\(unfinished)/\(className(place))/\(file)"))
        }
        try files.moveItem(atPath: unfinished, toPath: folder)
        say("\(folder): \(count) pictures in \(classes) class folders, \(wrong) of them in the wrong one")
    }

    private static func className(_ label: Int) -> String {
        ImageDataset.fashionMNIST.className(label).map { "/ ".contains($0) ? "-" : "\($0)" }.joined()
    }
}

extension RandomStream {
    fileprivate static let noisyFolder = RandomStream("noisy folder", number: 22)
}

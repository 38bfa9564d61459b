import Foundation

/// The binary version of CIFAR (Krizhevsky 2009): records of label bytes, then 3,072 bytes: red, green and blue planes
/// of 32 x 32.
public enum CIFAR {
    private static let imageSize = 3072

    /// Every `data_batch_*.bin` and `test_batch*.bin` of a folder, in the order of their names.
    public static func load10(directory: String) throws(DatasetError) -> LabeledImages {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
            .filter { ($0.hasPrefix("data_batch_") || $0.hasPrefix("test_batch")) && $0.hasSuffix(".bin") }.sorted()
        guard !names.isEmpty else {
            throw DatasetError("\(directory): data_batch_*.bin or test_batch*.bin expected, none is there")
        }
        return try load(names.map { "\(directory)/\($0)" }, name: "cifar10", labelBytes: 1, classCount: 10)
    }

    /// `train.bin` and `test.bin` of CIFAR-100, those that exist; of its two labels the fine one.
    public static func load100(directory: String) throws(DatasetError) -> LabeledImages {
        let paths = ["train.bin", "test.bin"].map { "\(directory)/\($0)" }.filter {
            FileManager.default.fileExists(atPath: $0)
        }
        guard !paths.isEmpty else {
            throw DatasetError("\(directory): train.bin or test.bin of CIFAR-100 expected, none is there")
        }
        return try load(paths, name: "cifar100", labelBytes: 2, classCount: 100)
    }

    /// CIFAR-100 by classes, named by `fine_label_names.txt` where it lies beside the images, else by number.
    public static func classes100(directory: String) throws(DatasetError) -> ImageClasses {
        let path = "\(directory)/fine_label_names.txt"
        var names = (0..<100).map(String.init)
        if FileManager.default.fileExists(atPath: path) {
            names = String(decoding: try MappedFile.contents(of: path), as: UTF8.self).split(
                whereSeparator: \.isNewline
            ).map(String.init)
        }
        guard names.count == 100 else { throw DatasetError("\(path): 100 class names expected, got \(names.count)") }
        return ImageClasses(try load100(directory: directory), classNames: names)
    }

    private static func load(_ paths: [String], name: String, labelBytes: Int, classCount: Int) throws(DatasetError)
        -> LabeledImages
    {
        let recordSize = labelBytes + imageSize
        var pixels: [UInt8] = [], labels: [Int32] = []
        for path in paths {
            let file = try MappedFile(path: path)
            guard file.count > 0, file.count % recordSize == 0 else {
                throw DatasetError("\(path): records of \(recordSize) bytes expected, the file has \(file.count) bytes")
            }
            pixels.reserveCapacity(pixels.count + file.count)
            for start in stride(from: 0, to: file.count, by: recordSize) {
                let label = file[start + labelBytes - 1]
                guard label < classCount else {
                    throw DatasetError(
                        "\(path): a label 0 … \(classCount - 1) expected at byte \(start + labelBytes - 1), got \(label)"
                    )
                }
                labels.append(Int32(label))
                pixels += file[(start + labelBytes)..<(start + recordSize)]
            }
        }
        return try LabeledImages(
            name: name, channels: 3, height: 32, width: 32, classCount: classCount, pixels: pixels, labels: labels)
    }
}

extension ImageClasses {
    /// The images of a labelled set, grouped by label; classes without images are left out.
    public init(_ images: LabeledImages, classNames: [String]) {
        precondition(
            classNames.count == images.classCount,
            "ImageClasses: \(images.classCount) class names expected, got \(classNames.count)")
        var indices = [[Int]](repeating: [], count: images.classCount)
        for (i, label) in images.labels.enumerated() { indices[Int(label)].append(i) }
        var pixels: [UInt8] = [], members: [Member] = [], digest = SHA256(), start = 0
        pixels.reserveCapacity(images.pixels.count)
        for (label, indices) in indices.enumerated() where !indices.isEmpty {
            for i in indices {
                pixels += images.pixels[(i * images.pixelsPerImage)..<((i + 1) * images.pixelsPerImage)]
            }
            members.append(Member(name: classNames[label], images: start..<(start + indices.count)))
            start += indices.count
        }
        digest.update(pixels)
        self.init(
            name: images.name,
            storage: PixelStorage(
                count: start, channels: images.channels, height: images.height, width: images.width,
                place: .memory(pixels), hash: digest.finalized()), members: members)
    }
}

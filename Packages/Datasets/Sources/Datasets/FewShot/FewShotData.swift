import Foundation

/// The data sets of the few-shot experiments, by their names on the command line.
public enum FewShotDataset: String, Sendable, CaseIterable {
    /// 1,623 characters of 50 alphabets, 28 x 28, ink 1; every class also turned by quarters (Lake et al. 2015; Vinyals
    /// et al. 2016).
    case omniglot
    /// 100 classes of 600 images, 84 x 84 (Vinyals et al. 2016, split of Ravi and Larochelle 2017).
    case miniImageNet = "miniimagenet"
    /// 608 classes of about 1,300 images, 84 x 84 (Ren et al. 2018).
    case tieredImageNet = "tieredimagenet"
    /// 100 classes of 600 images, 32 x 32 (Krizhevsky 2009).
    case cifar100
    /// A user's own class folders of PNG or JPEG files.
    case folder
    /// Generated strokes; needs no file.
    case glyphs

    /// The protocol's own treatment of pictures.
    public var preparation: ImagePreparation { self == .omniglot ? .omniglot : ImagePreparation() }
}

/// The classes of a few-shot data set, in their three parts.
public struct FewShotData: Sendable {
    /// Classes; none is in two parts.
    public let train: ImageClasses, validation: ImageClasses, test: ImageClasses
    /// SHA-256 of the split: the names of the classes of each part.
    public let splitHash: String
    /// Of the folder or archive that was read; nil where it held no pictures in folders, or there was none.
    public private(set) var pictureCount: PictureCount? {
        didSet { remarks += pictureCount?.remark.map { [$0] } ?? [] }
    }
    /// Classes that were read and are in no part; nil if there are none.
    public private(set) var unused: ImageClasses?
    /// How the classes of a folder came to their parts, with the numbers of each, in a line; nil where that is fixed.
    public private(set) var division: String?
    /// What is not read, and what was read and is not used, a line each: for standard error and the report.
    public private(set) var remarks: [String] = []

    private init(train: ImageClasses, validation: ImageClasses, test: ImageClasses) {
        self.train = train
        self.validation = validation
        self.test = test
        var digest = SHA256()
        for part in [train, validation, test] {
            digest.update(Array(((0..<part.classCount).map(part.className).joined(separator: "\n") + "\0").utf8))
        }
        splitHash = digest.finalized()
    }

    /// Reads a data set and splits it.
    ///
    /// - `omniglot`: a folder with `images_background` and `images_evaluation`, or their zip archives; the split in
    ///   `splitDirectory`, or in `splits` within the folder.
    /// - `miniimagenet`, `tieredimagenet`: a folder of the pickles they are distributed as, or of pictures as for
    ///   `folder`.
    /// - `cifar100`: the folder of `train.bin` and `test.bin`; the split in `splitDirectory`.
    /// - `folder`: a folder or zip archive of class folders of PNG or JPEG files: below `train`, `val` and `test`, or
    ///   split by `splitDirectory`; else the classes are drawn for the parts.
    /// - Parameters:
    ///   - path: where the data lie; not looked at for `glyphs`.
    ///   - preparation: of pictures; nil takes the protocol's own (Omniglot: grey, 28 x 28, inverted; else RGB as it
    ///     is).
    ///   - cache: where decoded images are kept for the next start.
    ///   - seed: of the generated glyphs, and of classes that are drawn for the parts.
    ///   - ways: classes that episodes have, so many each of these parts must have; `trainWays` in training.
    public static func load(
        _ dataset: FewShotDataset, path: String, splitDirectory: String? = nil, preparation: ImagePreparation? = nil,
        cache: ImageCache = ImageCache(directory: nil), seed: UInt64 = 0, ways: Int = 1, trainWays: Int? = nil
    ) throws(DatasetError) -> FewShotData {
        switch dataset {
        case .omniglot:
            let tree = try FileTree(path: path)
            let images = try ImageClasses(
                contentsOf: tree, name: "omniglot", preparation: preparation ?? dataset.preparation, cache: cache)
            guard images.height == images.width else {
                throw .unsupported(
                    at: path, "square pictures expected, for turns by quarters, got \(images.width) x \(images.height)")
            }
            let split = try FewShotData(images, split: try ClassSplit(directory: splitDirectory ?? "\(path)/splits"))
            var data = FewShotData(
                train: split.train.withRotations(), validation: split.validation.withRotations(),
                test: split.test.withRotations())
            data.pictureCount = tree.pictureCount
            data.leaveOut(split.unused, of: images.classCount, at: path, "the split names them in no part")
            return data
        case .miniImageNet:
            guard exists("\(path)/mini-imagenet-cache-train.pkl") else {
                return try folder(
                    path, dataset.rawValue, splitDirectory, preparation, cache, draw: nil)
            }
            let data = try parts { (part, name) throws(DatasetError) in
                try ImageClasses(
                    miniImageNetPickle: "\(path)/mini-imagenet-cache-\(part).pkl", name: name, cache: cache)
            }
            // A class in two of the files would be in two parts. (tieredImageNet numbers its classes within each.)
            func names(_ images: ImageClasses) -> [String] { (0..<images.classCount).map(images.className) }
            _ = try ClassSplit(train: names(data.train), validation: names(data.validation), test: names(data.test))
            return data
        case .tieredImageNet:
            guard exists("\(path)/train_images_png.pkl") else {
                return try folder(
                    path, dataset.rawValue, splitDirectory, preparation, cache, draw: nil)
            }
            return try parts { (part, name) throws(DatasetError) in
                try ImageClasses(
                    tieredImageNetPickles: "\(path)/\(part)_images_png.pkl", labels: "\(path)/\(part)_labels.pkl",
                    name: name,
                    preparation: preparation ?? ImagePreparation(), cache: cache)
            }
        case .cifar100:
            guard let splitDirectory else {
                throw .missing(at: "cifar100", "a split of its classes expected, none was named")
            }
            return try FewShotData(
                try CIFAR.classes100(directory: path), split: try ClassSplit(directory: splitDirectory))
        case .folder:
            return try folder(
                path, dataset.rawValue, splitDirectory, preparation, cache, draw: (seed, ways, trainWays ?? ways))
        case .glyphs:
            let images = Glyphs(seed: seed).images(classes: 800, imagesPerClass: 20)
            return FewShotData(
                train: images.selecting(Array(0..<500), name: "glyphs train"),
                validation: images.selecting(Array(500..<600), name: "glyphs validation"),
                test: images.selecting(Array(600..<800), name: "glyphs test"))
        }
    }

    private init(_ images: ImageClasses, split: ClassSplit) throws(DatasetError) {
        self.init(
            train: try images.selecting(named: split.train, part: "train"),
            validation: try images.selecting(named: split.validation, part: "validation"),
            test: try images.selecting(named: split.test, part: "test"))
        let used = Set([train, validation, test].flatMap { part in (0..<part.classCount).map(part.className) })
        let others = (0..<images.classCount).filter { !used.contains(images.className($0)) }
        unused = others.isEmpty ? nil : images.selecting(others)
    }

    /// - Parameters:
    ///   - count: of all classes.
    ///   - reason: why they are not used.
    private mutating func leaveOut(_ classes: ImageClasses?, of count: Int, at path: String, _ reason: String) {
        guard let classes else { return }
        unused = classes
        remarks.append(
            "\(path): \(classes.classCount) of \(count) classes not used, with \(classes.imageCount) pictures: "
                + "\(reason), \(classes.className(0)) the first of them")
    }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private static func parts(_ load: (_ part: String, _ name: String) throws(DatasetError) -> ImageClasses)
        throws(DatasetError) -> FewShotData
    {
        FewShotData(
            train: try load("train", "train"), validation: try load("val", "validation"), test: try load("test", "test")
        )
    }

    /// - Parameter draw: by which classes are drawn where no folder is one of a part.
    private static func folder(
        _ path: String, _ name: String, _ splitDirectory: String?, _ preparation: ImagePreparation?,
        _ cache: ImageCache, draw: (seed: UInt64, ways: Int, trainWays: Int)?
    ) throws(DatasetError) -> FewShotData {
        let tree = try FileTree(path: path), folders = tree.imageFolders.map(\.path)
        // Before all pictures are decoded.
        var drawn: DrawnParts?
        if splitDirectory == nil, let draw, !folders.isEmpty, !FolderParts.areNamed(in: folders) {
            drawn = try DrawnParts(
                count: folders.count, ways: draw.ways, trainWays: draw.trainWays, seed: draw.seed, place: path)
        }
        let images = try ImageClasses(
            contentsOf: tree, name: name, preparation: preparation ?? ImagePreparation(), cache: cache)
        if let draw, let drawn {
            var data = FewShotData(
                train: images.selecting(drawn.train, name: "\(name) train"),
                validation: images.selecting(drawn.validation, name: "\(name) validation"),
                test: images.selecting(drawn.test, name: "\(name) test"))
            data.pictureCount = tree.pictureCount
            data.division = data.divided(path, "drawn by seed \(draw.seed)")
            return data
        }
        if let splitDirectory {
            var data = try FewShotData(images, split: try ClassSplit(directory: splitDirectory))
            data.pictureCount = tree.pictureCount
            data.leaveOut(data.unused, of: images.classCount, at: path, "the split names them in no part")
            data.division = data.divided(path, "divided as \(splitDirectory) says")
            return data
        }
        // The folders are the classes, in the same order.
        let parts = try FolderParts(of: folders, root: path)
        var data = FewShotData(
            train: images.selecting(parts.train, name: "\(name) train"),
            validation: images.selecting(parts.validation, name: "\(name) validation"),
            test: images.selecting(parts.test, name: "\(name) test"))
        data.pictureCount = tree.pictureCount
        data.leaveOut(
            parts.outside.isEmpty ? nil : images.selecting(parts.outside), of: images.classCount, at: path,
            "they lie in none of train, val and test")
        data.division = data.divided(path, "divided by its folders")
        return data
    }

    /// `birds: classes drawn by seed 0: 13 for training (412 pictures), 3 for validation (90), 4 for test (131)`.
    private func divided(_ place: String, _ how: String) -> String {
        let parts = [("training", train), ("validation", validation), ("test", test)].map { part, images in
            "\(images.classCount) for \(part) (\(images.imageCount)\(part == "training" ? " pictures" : ""))"
        }
        return "\(place): classes \(how): \(parts.joined(separator: ", "))"
    }
}

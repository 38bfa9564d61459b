/// What `clean DATA` was pointed at; reads it, and what lies beside it.
///
/// The form is found by content: a folder (or zip archive) of class folders; pictures beside a CSV of their labels, or
/// that CSV; a folder of IDX files or of CIFAR's batches, whose training files are read; features or pictures as `.npy`
/// or safetensors. Whatever is wrong with names and labels is said before a picture is decoded or anything written.
public struct CleaningSource: Sendable {
    /// As it was given, without slashes behind it.
    public let path: String
    /// Labels that lie elsewhere; nil where they are part of the data.
    public let labelsPath: String?
    /// With the labels that they were given.
    public let samples: LabeledSamples
    let kind: DataKind
    let classes: ClassList
    /// Of pictures of files; further ones are prepared alike.
    let reader: PictureReader?
    let table: PlacedTable?
    /// The files of pictures, in the order of the samples; nil where there are none.
    let pictures: (tree: FileTree, paths: [BytePath])?

    /// - Parameters:
    ///   - labelsPath: a CSV of file names and labels for pictures; `.npy`, CSV or text for numbered samples, whose own
    ///     labels it replaces.
    ///   - side: of the squares that pictures of files become; nil keeps their size if all have one no larger than 64,
    ///     else 32.
    ///   - isGrey: whether colours are dropped.
    ///   - cacheDirectory: where decoded pictures are kept, and mapped from; nil keeps them in memory.
    public init(
        path: String, labelsPath: String? = nil, side: Int? = nil, isGrey: Bool = false, cacheDirectory: String? = nil
    ) throws(DatasetError) {
        if let side, !(1...1024 ~= side) {
            throw .impossible(at: "side", "1 to 1024 pixels expected, got \(side)")
        }
        let path = Self.withoutSlashes(path)
        (self.path, self.labelsPath) = (path, labelsPath)
        kind = try DataKind(of: path)
        let listing = try Self.listing(kind, path, labelsPath: labelsPath, isTest: false, known: nil)
        (classes, table) = (try listing.classes(), listing.table)
        if case .pictures(let tree, let pictures) = listing.content {
            reader = try PictureReader(
                for: pictures, of: tree, side: side, isGrey: isGrey, cacheDirectory: cacheDirectory)
            self.pictures = (tree, pictures)
        } else {
            (reader, pictures) = (nil, nil)
        }
        samples = try listing.samples(classes: classes, reader: reader)
    }

    /// Samples of the same form and classes, from another file or folder of the data's kind; for IDX and CIFAR the test
    /// files of a folder, which may be the data's own.
    /// - Parameter labelsPath: of an array; nil for `NAME-labels.npy`, `.csv` or `.txt` beside `NAME.npy`.
    public func test(_ path: String, labelsPath: String? = nil) throws(DatasetError) -> LabeledSamples {
        let path = Self.withoutSlashes(path), kind = try DataKind(of: path)
        let listing = try Self.listing(kind, path, labelsPath: labelsPath, isTest: true, known: classes)
        return try further(listing)
    }

    /// Samples beside the data, which must have its form.
    func further(_ listing: SampleListing) throws(DatasetError) -> LabeledSamples {
        var fitting = reader
        if case .features = samples.form, case .pictures = listing.content {
            throw .inconsistent(at: listing.place, "\(samples.form) expected as in \(path), these are pictures")
        }
        if case .pictures(let channels, let height, let width) = samples.form, reader == nil {
            // Numbered pictures: files are brought to their form, in memory.
            fitting = PictureReader(height: height, width: width, channels: channels, cacheDirectory: nil)
        }
        let others = try listing.samples(classes: classes, reader: fitting)
        guard others.form == samples.form else {
            throw .inconsistent(at: listing.place, "\(samples.form) expected as in \(path), got \(others.form)")
        }
        return others
    }

    private static func listing(
        _ kind: DataKind, _ path: String, labelsPath: String?, isTest: Bool, known: ClassList?
    ) throws(DatasetError) -> SampleListing {
        let numbered: SampleListing
        switch kind {
        case .pictures: return try SampleListing(pictures: path, labelsPath: labelsPath, known: known)
        case .array: return try SampleListing(array: path, labelsPath: labelsPath)
        case .idx: numbered = try SampleListing(idx: path, part: isTest ? "t10k" : "train")
        case .cifar(let classCount):
            numbered = try SampleListing(cifar: path, classCount: classCount, part: isTest ? .test : .training)
        }
        return if let labelsPath { try numbered.labelled(by: labelsPath) } else { numbered }
    }

    /// `data/` is `data`.
    static func withoutSlashes(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}

extension LabeledSamples.Form: CustomStringConvertible {
    public var description: String {
        switch self {
        case .pictures(let channels, let height, let width):
            "pictures of \(width) x \(height) pixels, \(channels == 1 ? "grey" : "\(channels) channels")"
        case .features(let count): "\(count) \(count == 1 ? "feature" : "features") a sample"
        }
    }
}

extension SampleListing {
    /// The rows of an array, `.npy` or in safetensors, with labels from a file.
    init(array path: String, labelsPath: String?) throws(DatasetError) {
        var file: NPYFile, ownLabels: NPYFile?
        if SafetensorsFile.isLikely(try MappedFile(path: path)) {
            (file, ownLabels) = try Self.arrays(of: SafetensorsFile(path: path))
        } else {
            file = try NPYFile(path: path)
        }
        guard file.shape.count >= 2 else {
            throw .unsupported(
                at: path, "an array of the shape [samples, features] expected, got the shape \(file.shape)")
        }
        let listing = SampleListing(
            place: path, content: .array(file), names: (0..<file.rowCount).map(String.init), labels: [])
        if let labelsPath = labelsPath ?? (ownLabels == nil ? Self.labelsBeside(path) : nil) {
            self = try listing.labelled(by: labelsPath)
        } else if let ownLabels {
            self = try listing.labelled(by: RowLabels(ownLabels, count: file.rowCount, data: path))
        } else {
            throw .missing(
                at: path, "labels of these \(file.rowCount) rows expected (--labels: .npy, CSV or text), none are given"
            )
        }
    }

    /// The one array of samples, or of several the one of a known name; and the labels if they are there too.
    private static func arrays(
        of file: SafetensorsFile
    ) throws(DatasetError) -> (features: NPYFile, labels: NPYFile?) {
        let candidates = file.names.filter { file.shape(of: $0).count >= 2 }
        let known = ["features", "embeddings", "x", "images"].filter(candidates.contains)
        guard let name = candidates.count == 1 ? candidates[0] : known.first else {
            throw .inconsistent(
                at: file.path,
                "one array [samples, features] expected, or one of them called features, got "
                    + (candidates.isEmpty ? "none" : Listing(candidates.map { BytePath($0).description }).description))
        }
        let labels = ["labels", "label", "targets", "y"].first { file.shape(of: $0).count == 1 }
        return (try file.array(name), try labels.map { name throws(DatasetError) in try file.array(name) })
    }

    /// `features-labels.npy`, `.csv` or `.txt` beside `features.npy`.
    private static func labelsBeside(_ path: String) -> String? {
        let ending = BytePath(path).ending
        let stem = ending.isEmpty ? path : String(path.dropLast(ending.count + 1))
        return ["npy", "csv", "txt"].map { "\(stem)-labels.\($0)" }.first { DataKind.isFile($0) }
    }

    /// Numbers as they are. Arrays [n, h, w], [n, h, w, 1 or 3] and [n, 1 or 3, h, w] of bytes, or of numbers that all
    /// lie in [0, 1], are pictures; others are features, all axes of a sample in one.
    static func values(of file: NPYFile) throws(DatasetError) -> (LabeledSamples.Form, SampleValues) {
        let features = LabeledSamples.Form.features(file.rowSize)
        guard let layout = PictureLayout(shape: file.shape) else {
            return (features, SampleValues(floats: try file.floats()))
        }
        let pictures = LabeledSamples.Form.pictures(
            channels: layout.channels, height: layout.height, width: layout.width)
        if case .integer(bytes: 1, isSigned: false) = file.elementType {
            let bytes = try file.elements(rows: 0..<file.rowCount) { bytes, offset, _ in bytes[offset] }
            return (
                pictures,
                SampleValues(
                    planes: layout.planes(bytes), count: file.rowCount, channels: layout.channels,
                    height: layout.height, width: layout.width)
            )
        }
        let floats = try file.floats()
        guard floats.allSatisfy({ 0...1 ~= $0 }) else { return (features, SampleValues(floats: floats)) }
        return (pictures, SampleValues(floats: layout.planes(floats)))
    }
}

/// How an array of pictures is laid out.
private struct PictureLayout {
    let channels: Int, height: Int, width: Int
    private let channelsAreLast: Bool

    /// Nil for an array that cannot be pictures.
    init?(shape: [Int]) {
        switch shape.count {
        case 3: (channels, height, width, channelsAreLast) = (1, shape[1], shape[2], false)
        case 4 where shape[3] == 1 || shape[3] == 3:
            (channels, height, width, channelsAreLast) = (shape[3], shape[1], shape[2], true)
        case 4 where shape[1] == 1 || shape[1] == 3:
            (channels, height, width, channelsAreLast) = (shape[1], shape[2], shape[3], false)
        default: return nil
        }
    }

    /// The values plane by plane, [n, channels, height, width].
    func planes<Value>(_ values: [Value]) -> [Value] {
        guard channelsAreLast, channels > 1 else { return values }
        let plane = height * width, size = channels * plane
        return values.indices.map { place in
            let (sample, within) = place.quotientAndRemainder(dividingBy: size),
                (channel, pixel) = within.quotientAndRemainder(dividingBy: plane)
            return values[sample * size + pixel * channels + channel]
        }
    }
}

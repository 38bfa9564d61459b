/// Samples of any kind, each with a name and the label that it was given.
///
/// Pictures may lie in a mapped cache file (`CleaningSource`), so a value of this type need not fit into memory; values
/// are converted when they are asked for.
public struct LabeledSamples: Sendable {
    /// What a sample is made of.
    public enum Form: Sendable, Hashable {
        /// Planes of 8 bits, or numbers in [0, 1].
        case pictures(channels: Int, height: Int, width: Int)
        /// So many numbers a sample, that another model computed.
        case features(Int)

        /// How many numbers a sample has.
        public var valuesPerSample: Int {
            switch self {
            case .pictures(let channels, let height, let width): channels * height * width
            case .features(let count): count
            }
        }
    }

    /// The same for every sample.
    public let form: Form
    /// The path relative to the data, in `BytePath`'s text, or the row from 0; no two are the same.
    public let names: [String]
    /// Indices into `classNames`.
    public let labels: [Int32]
    /// Sorted as numbers if all are integers, else by their bytes.
    public let classNames: [String]
    /// SHA-256 over the values and the labels, in hexadecimal.
    public let hash: String
    /// What was found beside the data and is not used, a line each: for standard error and the report.
    public let remarks: [String]
    let values: SampleValues

    init(
        form: Form, names: [String], labels: [Int32], classNames: [String], values: SampleValues, remarks: [String]
    ) {
        (self.form, self.names, self.labels, self.classNames) = (form, names, labels, classNames)
        (self.values, self.remarks) = (values, remarks)
        var digest = SHA256()
        digest.update(Array("\(form) \(values.hash) ".utf8))
        for label in labels { withUnsafeBytes(of: label.littleEndian) { digest.update($0) } }
        hash = digest.finalized()
    }

    /// How many samples there are.
    public var count: Int { labels.count }
    /// How many numbers a sample has.
    public var valuesPerSample: Int { form.valuesPerSample }
    /// How many classes there are.
    public var classCount: Int { classNames.count }

    /// The values of some samples, [indices.count, valuesPerSample], row-major: planes of pictures scaled to [0, 1],
    /// features as they are.
    public func write(
        _ indices: [Int], to buffer: UnsafeMutableBufferPointer<Float>, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        require(
            buffer.count >= indices.count * valuesPerSample,
            "LabeledSamples.write: room for \(indices.count * valuesPerSample) numbers expected, got \(buffer.count)",
            file: file, line: line)
        if let index = indices.first(where: { !(0..<count ~= $0) }) {
            require(
                false, "LabeledSamples.write: indices of 0..<\(count) expected, got \(index)", file: file, line: line)
        }
        values.write(indices, size: valuesPerSample, to: buffer)
    }

    /// The same in memory of its own.
    public func floats(of indices: [Int], file: StaticString = #fileID, line: UInt = #line) -> [Float] {
        [Float](unsafeUninitializedCapacity: indices.count * valuesPerSample) { buffer, initialized in
            write(indices, to: buffer, file: file, line: line)
            initialized = indices.count * valuesPerSample
        }
    }

    /// A sample as a picture, for reports; nil for features.
    public func picture(_ index: Int) -> RasterImage? {
        guard case .pictures(let channels, let height, let width) = form else { return nil }
        let planes = floats(of: [index]), plane = height * width
        return RasterImage(
            width: width, height: height, channels: channels,
            pixels: (0..<planes.count).map { j in
                UInt8((min(max(planes[j % channels * plane + j / channels], 0), 1) * 255).rounded())
            })
    }

    /// The same samples with other labels.
    public func with(labels: [Int32], file: StaticString = #fileID, line: UInt = #line) -> LabeledSamples {
        Self.requireLabels(labels, count: count, classCount: classCount, file, line)
        return LabeledSamples(
            form: form, names: names, labels: labels, classNames: classNames, values: values, remarks: remarks)
    }

    static func requireLabels(_ labels: [Int32], count: Int, classCount: Int, _ file: StaticString, _ line: UInt) {
        require(
            labels.count == count, "LabeledSamples: \(count) labels expected, got \(labels.count)", file: file,
            line: line)
        if let i = labels.firstIndex(where: { !(0..<Int32(classCount) ~= $0) }) {
            require(
                false, "LabeledSamples: labels of 0..<\(classCount) expected, got \(labels[i]) at index \(i)",
                file: file, line: line)
        }
    }
}

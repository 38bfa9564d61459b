extension LabeledSamples {
    /// Samples of numbers in memory.
    /// - Parameters:
    ///   - names: nil for the rows from 0.
    ///   - floats: [labels.count, form.valuesPerSample], row-major.
    public init(
        form: Form, names: [String]? = nil, labels: [Int32], classNames: [String], floats: [Float],
        remarks: [String] = [], file: StaticString = #fileID, line: UInt = #line
    ) {
        Self.requireShape(form, names, labels, classNames, values: floats.count, file, line)
        self.init(
            form: form, names: names ?? labels.indices.map(String.init), labels: labels, classNames: classNames,
            values: SampleValues(floats: floats), remarks: remarks)
    }

    /// Pictures of 8 bits in memory.
    /// - Parameters:
    ///   - names: nil for the rows from 0.
    ///   - planes: [labels.count, channels, height, width].
    public init(
        channels: Int, height: Int, width: Int, names: [String]? = nil, labels: [Int32], classNames: [String],
        planes: [UInt8], remarks: [String] = [], file: StaticString = #fileID, line: UInt = #line
    ) {
        let form = Form.pictures(channels: channels, height: height, width: width)
        Self.requireShape(form, names, labels, classNames, values: planes.count, file, line)
        self.init(
            form: form, names: names ?? labels.indices.map(String.init), labels: labels, classNames: classNames,
            values: SampleValues(
                planes: planes, count: labels.count, channels: channels, height: height, width: width),
            remarks: remarks)
    }

    /// Images of a known set, all or those at `indices`; each is named by its row in the set.
    public init(
        _ images: LabeledImages, indices: [Int]? = nil, classNames: [String]? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        let size = images.pixelsPerImage, indices = indices ?? Array(0..<images.count)
        var planes: [UInt8] = []
        planes.reserveCapacity(indices.count * size)
        for index in indices { planes += images.pixels[(index * size)..<((index + 1) * size)] }
        self.init(
            channels: images.channels, height: images.height, width: images.width, names: indices.map(String.init),
            labels: images.labels(of: indices), classNames: classNames ?? (0..<images.classCount).map(String.init),
            planes: planes, remarks: images.remarks, file: file, line: line)
    }

    private static func requireShape(
        _ form: Form, _ names: [String]?, _ labels: [Int32], _ classNames: [String], values: Int,
        _ file: StaticString, _ line: UInt
    ) {
        require(
            values == labels.count * form.valuesPerSample,
            "LabeledSamples: \(labels.count) x \(form.valuesPerSample) values expected, got \(values)", file: file,
            line: line)
        require(
            names == nil || names!.count == labels.count,
            "LabeledSamples: \(labels.count) names expected, got \(names?.count ?? 0)", file: file, line: line)
        requireLabels(labels, count: labels.count, classCount: classNames.count, file, line)
    }
}

extension ImageClasses {
    /// The images of a labelled set, grouped by label; classes without images are left out.
    public init(
        _ images: LabeledImages, classNames: [String], file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            classNames.count == images.classCount,
            "ImageClasses: \(images.classCount) class names expected, got \(classNames.count)", file: file, line: line)
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

extension SampleListing {
    /// The IDX files of a folder, as MNIST has them.
    /// - Parameter part: `train` or `t10k`.
    init(idx directory: String, part: String) throws(DatasetError) {
        let files = try IDXFiles(directory: directory)
        let imageFile = try files.path(of: "\(part)-images-idx3-ubyte"),
            labelFile = try files.path(of: "\(part)-labels-idx1-ubyte")
        let labels = try IDX.read(path: labelFile.path, rank: 1), images = try IDX.read(path: imageFile.path, rank: 3)
        let extents = images.extents
        guard extents[0] == labels.extents[0] else {
            throw .inconsistent(
                at: labelFile.path,
                "\(extents[0]) labels expected for the images of \(imageFile.path), got \(labels.extents[0])")
        }
        self.init(
            place: directory,
            content: .values(
                .pictures(channels: 1, height: extents[1], width: extents[2]),
                SampleValues(
                    planes: images.bytes, count: extents[0], channels: 1, height: extents[1], width: extents[2])),
            names: labels.bytes.indices.map(String.init), labels: labels.bytes.map { String($0) },
            remarks: [imageFile.remark, labelFile.remark].compactMap { $0 })
    }

    /// The binary batches of CIFAR-10, or of CIFAR-100 with its fine labels.
    init(cifar directory: String, classCount: Int, part: CIFAR.Part) throws(DatasetError) {
        let records =
            classCount == 10
            ? try CIFAR.records10(directory: directory, part: part)
            : try CIFAR.records100(directory: directory, part: part)
        let names = try CIFAR.names(directory: directory, classCount: classCount)
        self.init(
            place: directory,
            content: .values(
                .pictures(channels: 3, height: 32, width: 32),
                SampleValues(
                    planes: records.pixels, count: records.labels.count, channels: 3, height: 32, width: 32)),
            names: records.labels.indices.map(String.init), labels: records.labels.map { names[Int($0)] },
            publishedClasses: Set(records.labels).count == classCount
                ? ClassList(names: names, acceptsIndices: true) : nil)
    }
}

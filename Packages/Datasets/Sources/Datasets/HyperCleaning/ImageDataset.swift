/// The data sets that hyper-cleaning knows, by their names on the command line.
public enum ImageDataset: String, Sendable, CaseIterable {
    case fashionMNIST = "fashion-mnist"
    case mnist
    case cifar10

    /// Of the published classes; a user's own data may have more, which are called by their numbers.
    public func className(_ label: Int) -> String { label < classNames.count ? classNames[label] : "\(label)" }

    /// In the order of the labels.
    public var classNames: [String] {
        switch self {
        case .fashionMNIST:
            ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
        case .mnist: (0..<10).map(String.init)
        case .cifar10: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
        }
    }

    /// The training file: for the MNIST family `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, each with or
    /// without `.gz`; for CIFAR-10 `data_batch_1.bin` … `data_batch_5.bin` and `test_batch.bin`, those that exist.
    public func loadTraining(directory: String) throws(DatasetError) -> LabeledImages {
        switch self {
        case .fashionMNIST, .mnist: try loadIDX(directory: directory, prefix: "train")
        case .cifar10: try CIFAR.load10(directory: directory)
        }
    }

    /// The test file of the MNIST family, `t10k-…`.
    public func loadTest(directory: String) throws(DatasetError) -> LabeledImages {
        switch self {
        case .fashionMNIST, .mnist: try loadIDX(directory: directory, prefix: "t10k")
        case .cifar10:
            throw .missing(
                at: directory,
                "the t10k files of the MNIST family expected; the batches of cifar10 are read as one "
                    + "set")
        }
    }

    /// With labels 0 … 9, or of more classes if there are images of each.
    private func loadIDX(directory: String, prefix: String) throws(DatasetError) -> LabeledImages {
        let files = try IDXFiles(directory: directory)
        let imageFile = try files.path(of: "\(prefix)-images-idx3-ubyte"),
            labelFile = try files.path(of: "\(prefix)-labels-idx1-ubyte")
        let images = try IDX.read(path: imageFile.path, rank: 3), labels = try IDX.read(path: labelFile.path, rank: 1)
        guard images.extents[0] == labels.extents[0] else {
            throw .inconsistent(
                at: labelFile.path,
                "\(images.extents[0]) labels expected for the images of \(imageFile.path), got \(labels.extents[0])")
        }
        let largest = labels.bytes.max() ?? 0
        if largest >= 10, let gap = (0..<largest).first(where: { !labels.bytes.contains($0) }),
            let place = labels.bytes.firstIndex(where: { $0 >= 10 })
        {
            throw .damaged(
                at: labelFile.path,
                "labels 0 … 9 expected, or of more classes without a gap, got \(labels.bytes[place]) at index \(place) "
                    + "and no \(gap)")
        }
        return try LabeledImages(
            name: rawValue, channels: 1, height: images.extents[1], width: images.extents[2],
            classCount: max(10, Int(largest) + 1), pixels: images.bytes, labels: labels.bytes.map(Int32.init),
            remarks: [imageFile.remark, labelFile.remark].compactMap { $0 })
    }
}

import Foundation

/// The data sets that hyper-cleaning knows, by their names on the command line.
public enum ImageDataset: String, Sendable, CaseIterable {
    case fashionMNIST = "fashion-mnist"
    case mnist
    case cifar10

    public var classNames: [String] {
        switch self {
        case .fashionMNIST:
            ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
        case .mnist: (0..<10).map(String.init)
        case .cifar10: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
        }
    }

    /// The training file: for the MNIST family `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, each with or
    /// without `.gz`; for CIFAR-10 every `data_batch_*.bin` and `test_batch*.bin`, in the order of their names.
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

    private func loadIDX(directory: String, prefix: String) throws(DatasetError) -> LabeledImages {
        let imagePath = try existing("\(prefix)-images-idx3-ubyte", in: directory)
        let labelPath = try existing("\(prefix)-labels-idx1-ubyte", in: directory)
        let images = try IDX.read(path: imagePath, rank: 3), labels = try IDX.read(path: labelPath, rank: 1)
        guard images.extents[0] == labels.extents[0] else {
            throw .inconsistent(
                at: labelPath,
                "\(images.extents[0]) labels expected for the images of \(imagePath), got "
                    + "\(labels.extents[0])"
            )
        }
        if let i = labels.bytes.firstIndex(where: { $0 >= 10 }) {
            throw .damaged(at: labelPath, "labels 0 … 9 expected, got \(labels.bytes[i]) at index \(i)")
        }
        return try LabeledImages(
            name: rawValue, channels: 1, height: images.extents[1], width: images.extents[2], classCount: 10,
            pixels: images.bytes, labels: labels.bytes.map(Int32.init))
    }

    private func existing(_ name: String, in directory: String) throws(DatasetError) -> String {
        for candidate in ["\(directory)/\(name)", "\(directory)/\(name).gz"]
        where FileManager.default.fileExists(atPath: candidate) { return candidate }
        throw .missing(at: directory, "\(name) or \(name).gz expected, neither is there")
    }
}

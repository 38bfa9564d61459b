import Datasets

extension ImageDataset {
    /// Which files a folder of it holds: said where others were found.
    package var layout: String {
        switch self {
        case .fashionMNIST, .mnist:
            "DIR/train-images-idx3-ubyte, DIR/train-labels-idx1-ubyte, each plain or .gz "
                + "(with --held-out test also t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte)"
        case .cifar10: "DIR/data_batch_1.bin … DIR/data_batch_5.bin, DIR/test_batch.bin"
        }
    }
}

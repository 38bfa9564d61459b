import Datasets

extension FewShotDataset {
    /// Which files a folder of it holds, with an example: said where others were found.
    package var layout: String? {
        let folders = "DIR/train/lion/1.png, DIR/val/zebra/1.png, DIR/test/okapi/1.png"
        return switch self {
        case .omniglot:
            "DIR/images_background/Greek/character01/0394_01.png, DIR/images_evaluation/… (or both as .zip), "
                + "DIR/splits/train.json, val.json, test.json"
        case .miniImageNet: "DIR/mini-imagenet-cache-train.pkl, …-val.pkl, …-test.pkl; or \(folders)"
        case .tieredImageNet:
            "DIR/train_images_png.pkl, DIR/train_labels.pkl, the same of val and test; or \(folders)"
        case .cifar100: "DIR/train.bin, DIR/test.bin, DIR/fine_label_names.txt, and a split in --split-file"
        case .folder: "\(folders); or DIR/lion/1.png … and a split in --split-file"
        case .glyphs: nil
        }
    }
}

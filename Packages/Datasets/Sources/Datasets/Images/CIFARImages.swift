extension CIFAR {
    /// `data_batch_1.bin` … `data_batch_5.bin` and `test_batch.bin` of a folder, those that exist, in this order.
    public static func load10(directory: String) throws(DatasetError) -> LabeledImages {
        try images(of: try records10(directory: directory), name: "cifar10", classCount: 10)
    }

    /// `train.bin` and `test.bin` of CIFAR-100, those that exist; of its two labels the fine one.
    public static func load100(directory: String) throws(DatasetError) -> LabeledImages {
        try images(of: try records100(directory: directory), name: "cifar100", classCount: 100)
    }

    /// CIFAR-100 by classes, named by `fine_label_names.txt` where it lies beside the images, else by number.
    public static func classes100(directory: String) throws(DatasetError) -> ImageClasses {
        let names = try classNames100(directory: directory)
        return ImageClasses(try load100(directory: directory), classNames: names)
    }

    private static func images(of records: Records, name: String, classCount: Int) throws(DatasetError)
        -> LabeledImages
    {
        try LabeledImages(
            name: name, channels: 3, height: 32, width: 32, classCount: classCount, pixels: records.pixels,
            labels: records.labels)
    }
}

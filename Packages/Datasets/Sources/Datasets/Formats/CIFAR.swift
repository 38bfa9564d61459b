import Foundation

/// The binary version of CIFAR (Krizhevsky 2009): records of label bytes, then 3,072 bytes: red, green and blue planes
/// of 32 x 32.
public enum CIFAR {
    /// The records of some files, one file after the other.
    struct Records {
        var labels: [Int32] = []
        /// [records, 3, 32, 32].
        var pixels: [UInt8] = []
    }

    private static let imageSize = 3072

    /// Every `data_batch_*.bin` and `test_batch*.bin` of a folder, in the order of their names.
    static func records10(directory: String) throws(DatasetError) -> Records {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
            .filter { ($0.hasPrefix("data_batch_") || $0.hasPrefix("test_batch")) && $0.hasSuffix(".bin") }.sorted()
        guard !names.isEmpty else {
            throw .missing(at: directory, "data_batch_*.bin or test_batch*.bin expected, none is there")
        }
        return try records(of: names.map { "\(directory)/\($0)" }, labelBytes: 1, classCount: 10)
    }

    /// `train.bin` and `test.bin` of CIFAR-100, those that exist; of its two labels the fine one.
    static func records100(directory: String) throws(DatasetError) -> Records {
        let paths = ["train.bin", "test.bin"].map { "\(directory)/\($0)" }.filter {
            FileManager.default.fileExists(atPath: $0)
        }
        guard !paths.isEmpty else {
            throw .missing(at: directory, "train.bin or test.bin of CIFAR-100 expected, none is there")
        }
        return try records(of: paths, labelBytes: 2, classCount: 100)
    }

    /// The names in `fine_label_names.txt` where it lies beside the images, else numbers.
    static func classNames100(directory: String) throws(DatasetError) -> [String] {
        let path = "\(directory)/fine_label_names.txt"
        guard FileManager.default.fileExists(atPath: path) else { return (0..<100).map(String.init) }
        let names = String(decoding: try MappedFile.contents(of: path), as: UTF8.self).split(
            whereSeparator: \.isNewline
        ).map(String.init)
        guard names.count == 100 else { throw .damaged(at: path, "100 class names expected, got \(names.count)") }
        return names
    }

    private static func records(of paths: [String], labelBytes: Int, classCount: Int) throws(DatasetError) -> Records {
        let recordSize = labelBytes + imageSize
        var records = Records()
        for path in paths {
            let file = try MappedFile(path: path)
            guard file.count > 0, file.count % recordSize == 0 else {
                throw .damaged(
                    at: path, "records of \(recordSize) bytes expected, the file has \(file.count) bytes")
            }
            records.pixels.reserveCapacity(records.pixels.count + file.count)
            for start in stride(from: 0, to: file.count, by: recordSize) {
                let labelPlace = start + labelBytes - 1, label = file[labelPlace]
                guard label < classCount else {
                    throw .damaged(
                        at: path, "a label 0 … \(classCount - 1) expected at byte \(labelPlace), got \(label)")
                }
                records.labels.append(Int32(label))
                records.pixels += file[(start + labelBytes)..<(start + recordSize)]
            }
        }
        return records
    }
}

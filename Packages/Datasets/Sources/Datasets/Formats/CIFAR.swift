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

    /// Which of a set's files are read.
    enum Part {
        case all, training, test
    }

    private static let imageSize = 3072

    /// `data_batch_1.bin` … `data_batch_5.bin` and `test_batch.bin` of a folder, those that exist, in this order.
    static func records10(directory: String, part: Part = .all) throws(DatasetError) -> Records {
        let paths = try files(
            training: (1...5).map { "data_batch_\($0).bin" }, test: "test_batch.bin", part, in: directory,
            called: "data_batch_1.bin … data_batch_5.bin or test_batch.bin",
            isSimilar: { $0.hasPrefix("data_batch") || $0.hasPrefix("test_batch") })
        return try records(of: paths, labelBytes: 1, classCount: 10)
    }

    /// `train.bin` and `test.bin` of CIFAR-100, those that exist; of its two labels the fine one.
    static func records100(directory: String, part: Part = .all) throws(DatasetError) -> Records {
        let paths = try files(
            training: ["train.bin"], test: "test.bin", part, in: directory,
            called: "train.bin or test.bin of CIFAR-100",
            isSimilar: { ($0.hasPrefix("train") || $0.hasPrefix("test")) && $0.hasSuffix(".bin") })
        return try records(of: paths, labelBytes: 2, classCount: 100)
    }

    /// The files of these names. Others that begin alike (copies, the version for Python) are refused: read as further
    /// batches they would be twice in the data, left out they would be missed.
    /// - Parameter isSimilar: of a name in small letters.
    private static func files(
        training: [String], test: String, _ part: Part, in directory: String, called: String,
        isSimilar: (String) -> Bool
    ) throws(DatasetError) -> [String] {
        let names = training + [test]
        let present = try FolderWalk.names(in: BytePath(directory))
        let others = present.filter { !names.contains($0.description) && isSimilar($0.description.lowercased()) }
        guard others.isEmpty else {
            let list = others.prefix(4).map(\.description).joined(separator: ", ")
            let isPython = others.contains { $0.ending.isEmpty }
            throw .inconsistent(
                at: directory,
                "\(called) only expected, \(list) \(others.count == 1 ? "is" : "are") there too: "
                    + (isPython ? "the binary version is read, not the one for Python" : "a copy would count twice"))
        }
        let wanted = part == .all ? names : part == .training ? training : [test]
        let found = wanted.filter { present.contains(BytePath($0)) }.map { "\(directory)/\($0)" }
        guard !found.isEmpty else {
            let called = part == .all ? called : "\(wanted.joined(separator: ", ")) of CIFAR"
            throw .missing(at: directory, "\(called) expected, none is there")
        }
        return found
    }

    /// The names in `fine_label_names.txt` where it lies beside the images, else numbers.
    static func classNames100(directory: String) throws(DatasetError) -> [String] {
        try names(directory: directory, classCount: 100)
    }

    /// The names that the publisher's list gives the 10 or 100 classes where it lies beside the images, else numbers.
    static func names(directory: String, classCount: Int) throws(DatasetError) -> [String] {
        let path = "\(directory)/\(classCount == 10 ? "batches.meta.txt" : "fine_label_names.txt")"
        guard FileManager.default.fileExists(atPath: path) else { return (0..<classCount).map(String.init) }
        let names = try TextFile.text(of: path).split(whereSeparator: \.isNewline).map(String.init)
        guard names.count == classCount else {
            throw .damaged(at: path, "\(classCount) class names expected, got \(names.count)")
        }
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

import Datasets
import Reporting

/// Which classes and pictures were read, what each part has of them, and what was left out: for the report.
struct FewShotInventory {
    /// Of the folder, where the data are pictures in folders.
    let pictureCount: PictureCount?
    private let parts: [(name: String, classes: Int, pictures: Int)]
    /// How classes came to their parts, and what is not read or not used, a line each.
    let remarks: [String]

    init(_ data: FewShotData, remarks: [String]) {
        pictureCount = data.pictureCount
        self.remarks = remarks
        parts =
            [("training", data.train), ("validation", data.validation), ("test", data.test)].map {
                ($0, $1.classCount, $1.imageCount)
            } + (data.unused.map { [("not used", $0.classCount, $0.imageCount)] } ?? [])
    }

    /// Training, validation and test pictures.
    var partCounts: [Int] { parts.prefix(3).map(\.pictures) }

    /// In words.
    var lines: [String] {
        let count = pictureCount.map { "\($0.place): \($0.classes) classes, \($0.pictures) pictures" }
        return ([count].compactMap { $0 } + remarks).map { "\($0)." }
    }

    /// A row a part.
    var table: Table {
        Table(
            columns: ["part", "classes", "pictures"],
            rows: parts.map { [$0.name, "\($0.classes)", "\($0.pictures)"] })
    }

    var json: JSONValue {
        [
            "folder": pictureCount?.json ?? .null,
            "parts": .object(
                parts.map { part in
                    (part.name, ["classes": .integer(part.classes), "pictures": .integer(part.pictures)])
                }),
        ]
    }
}

extension PictureCount {
    /// Classes, pictures, and what was not read by kind.
    var json: JSONValue {
        [
            "path": .string(place), "classes": .integer(classes), "pictures": .integer(pictures),
            "notRead": .object(
                LeftOut.Kind.allCases.compactMap { kind in
                    leftOut.counts[kind].map { (kind.rawValue, .integer($0)) }
                }),
        ]
    }
}

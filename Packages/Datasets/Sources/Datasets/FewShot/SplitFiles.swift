import Foundation

extension ClassSplit {
    /// Reads the files of a folder, one for each part, called `train`, `val` (or `validation`, `valid`) and `test`,
    /// then `.json`, `.csv`, `.txt` or `-classes.txt`; in UTF-8, with or without a byte-order mark:
    /// - JSON: an array of class names, or objects of arrays whose keys are folders, as in the Omniglot split of
    ///   Vinyals et al. 2016: `{"background": {"Greek": ["character01", …]}}`.
    /// - CSV and text (RFC 4180): a class a line, what follows a comma is ignored (tieredImageNet: class,
    ///   super-category). With a header that has `filename` and `label` (Ravi and Larochelle 2017) the column `label`
    ///   is the class; a spreadsheet may have made semicolons or tabs of its commas.
    ///
    /// Of several files for a part all must name the same classes.
    public init(directory: String) throws(DatasetError) {
        try self.init(
            train: Self.classes(["train"], in: directory),
            validation: Self.classes(["val", "validation", "valid"], in: directory),
            test: Self.classes(["test"], in: directory))
    }

    private static func classes(_ names: [String], in directory: String) throws(DatasetError) -> [String] {
        var found: (file: String, classes: [String])?
        for name in names {
            for ending in [".json", ".csv", "-classes.txt", ".txt"] {
                let file = "\(name)\(ending)", path = "\(directory)/\(file)"
                guard FileManager.default.fileExists(atPath: path) else { continue }
                let bytes = try TextFile.bytes(of: path)
                let classes = ending == ".json" ? try parseJSON(Data(bytes), path) : try parseLines(bytes, path)
                if let first = found, Set(first.classes.map { BytePath($0) }) != Set(classes.map { BytePath($0) }) {
                    throw .inconsistent(
                        at: directory, "one list of the \(names[0]) classes expected, \(first.file) and \(file) differ")
                }
                found = found ?? (file, classes)
            }
        }
        guard let found else {
            throw .missing(at: directory, "\(names[0]).json, .csv, .txt or -classes.txt expected, none is there")
        }
        return found.classes
    }

    private enum Node: Decodable {
        case classes([String])
        case folders([String: Node])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let classes = try? container.decode([String].self) {
                self = .classes(classes)
            } else {
                self = .folders(try container.decode([String: Node].self))
            }
        }

        func paths(below prefix: String) -> [String] {
            switch self {
            case .classes(let names): names.map { prefix + $0 }
            case .folders(let folders):
                folders.sorted { $0.key < $1.key }.flatMap { $1.paths(below: "\(prefix)\($0)/") }
            }
        }
    }

    private static func parseJSON(_ data: Data, _ path: String) throws(DatasetError) -> [String] {
        guard let node = try? JSONDecoder().decode(Node.self, from: data) else {
            throw .damaged(at: path, "JSON of class names, in arrays within objects, expected")
        }
        // The split says "background", the archives "images_background".
        return node.paths(below: "").map {
            $0.hasPrefix("background/") || $0.hasPrefix("evaluation/") ? "images_\($0)" : $0
        }
    }

    private static func parseLines(_ bytes: [UInt8], _ path: String) throws(DatasetError) -> [String] {
        var bytes = bytes, separators: [UInt8] = [44, 59, 9]
        // What Excel wants to be told, and leaves there: sep=;
        if bytes.starts(with: "sep=".utf8), bytes.count > 5, bytes[5] == 10 || bytes[5] == 13 {
            separators = [bytes[4]]
            bytes.removeFirst(6)
        }
        for separator in separators {
            // With another separator than the file's, quotes may not be in pairs.
            guard let rows = try? rows(bytes, separator, path) else { continue }
            // The columns may have others beside them: pandas writes the rows' numbers.
            let header = rows.first.map { $0.map { $0.lowercased() } } ?? []
            guard let column = header.firstIndex(of: "label"), header.contains("filename") else { continue }
            var seen: Set<[UInt8]> = [], classes: [String] = []
            for (index, row) in rows.enumerated().dropFirst() {
                guard row.count == header.count else {
                    throw .damaged(
                        at: path, "a file name and a label expected in record \(index + 1), got \(row.count) fields")
                }
                if seen.insert(Array(row[column].utf8)).inserted { classes.append(row[column]) }
            }
            return classes
        }
        return try rows(bytes, separators[0], path).map { $0[0] }.filter { !$0.isEmpty }
    }

    private static func rows(
        _ bytes: [UInt8], _ separator: UInt8, _ path: String
    ) throws(DatasetError) -> [[String]] {
        do {
            return try CSV.records(bytes, separator: separator).map {
                $0.map { String(decoding: trimmed($0), as: UTF8.self) }
            }
        } catch { throw .damaged(at: path, "quotes in pairs expected (RFC 4180), one of line \(error.line) is not") }
    }

    /// Without blanks and tabs at either end.
    private static func trimmed(_ field: [UInt8]) -> ArraySlice<UInt8> {
        let isBlank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
        let rest = field.drop(while: isBlank)
        return rest[..<(rest.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? rest.startIndex)]
    }
}

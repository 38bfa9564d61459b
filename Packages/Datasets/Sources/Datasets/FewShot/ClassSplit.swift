import Foundation

/// Which classes are for meta-training, meta-validation and the final test.
public struct ClassSplit: Sendable, Hashable {
    public let train: [String], validation: [String], test: [String]

    public init(train: [String], validation: [String], test: [String]) throws(DatasetError) {
        self.train = train
        self.validation = validation
        self.test = test
        var seen: [String: String] = [:]
        for (part, names) in [("training", train), ("validation", validation), ("test", test)] {
            guard !names.isEmpty else {
                throw DatasetError("split: at least one \(part) class expected, there is none")
            }
            for name in names {
                if let other = seen.updateValue(part, forKey: name) {
                    throw DatasetError(
                        "split: class \(name) expected once, it is in the \(other) and the \(part) classes")
                }
            }
        }
    }

    /// SHA-256 over the names in their order.
    public var hash: String {
        var digest = SHA256()
        for names in [train, validation, test] { digest.update(Array((names.joined(separator: "\n") + "\0").utf8)) }
        return digest.finalized()
    }

    /// Reads the files of a folder, one for each part, called `train`, `val` (or `validation`, `valid`) and `test`,
    /// then `.json`, `.csv`, `.txt` or `-classes.txt`:
    /// - JSON: an array of class names, or objects of arrays whose keys are folders, as in the Omniglot split of
    ///   Vinyals et al. 2016: `{"background": {"Greek": ["character01", …]}}`.
    /// - CSV and text: a class a line, what follows a comma is ignored (tieredImageNet: class, super-category). After
    ///   the header `filename,label` (Ravi and Larochelle 2017) the second column is the class.
    public init(directory: String) throws(DatasetError) {
        try self.init(
            train: Self.classes(["train"], in: directory),
            validation: Self.classes(["val", "validation", "valid"], in: directory),
            test: Self.classes(["test"], in: directory))
    }

    private static func classes(_ names: [String], in directory: String) throws(DatasetError) -> [String] {
        for name in names {
            for ending in [".json", ".csv", "-classes.txt", ".txt"] {
                let path = "\(directory)/\(name)\(ending)"
                guard FileManager.default.fileExists(atPath: path) else { continue }
                let bytes = try MappedFile.contents(of: path)
                return ending == ".json"
                    ? try parseJSON(Data(bytes), path) : parseLines(String(decoding: bytes, as: UTF8.self))
            }
        }
        throw DatasetError("\(directory): \(names[0]).json, .csv, .txt or -classes.txt expected, none is there")
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
            throw DatasetError("\(path): JSON of class names, in arrays within objects, expected")
        }
        // The split says "background", the archives "images_background".
        return node.paths(below: "").map {
            $0.hasPrefix("background/") || $0.hasPrefix("evaluation/") ? "images_\($0)" : $0
        }
    }

    private static func parseLines(_ text: String) -> [String] {
        let rows = text.split(whereSeparator: \.isNewline).map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        }
        guard rows.first == ["filename", "label"] else { return rows.map { $0[0] }.filter { !$0.isEmpty } }
        var seen: Set<String> = []
        return rows.dropFirst().compactMap { $0.count == 2 && seen.insert($0[1]).inserted ? $0[1] : nil }
    }
}

extension ImageClasses {
    /// The classes of these names, in their order. A name may be the end of a class's path: `n01532829` finds
    /// `images/train/n01532829`.
    public func selecting(named names: [String], part: String) throws(DatasetError) -> ImageClasses {
        var places: [String: [Int]] = [:]
        for index in 0..<classCount {
            var rest = Substring(className(index))
            places[String(rest), default: []].append(index)
            while let slash = rest.firstIndex(of: "/") {
                rest = rest[rest.index(after: slash)...]
                places[String(rest), default: []].append(index)
            }
        }
        let missing = names.filter { places[$0] == nil }
        if let first = missing.first {
            throw DatasetError(
                "\(name): the split's \(names.count) \(part) classes expected, \(missing.count) have no images, \(first) the first of them"
            )
        }
        var chosen: [Int] = []
        for name in names {
            guard let found = places[name], found.count == 1 else {
                throw DatasetError(
                    "\(self.name): one class \(name) expected, \(places[name]?.count ?? 0) folders end so")
            }
            chosen.append(found[0])
        }
        return selecting(chosen, name: "\(name) \(part)")
    }
}

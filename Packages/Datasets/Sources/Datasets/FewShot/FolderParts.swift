/// Which class folders are for training, validation and test, by the folders that they lie in: the outermost called
/// `train`, `val` (or `valid`, `validation`) or `test`, in any capitals, decides. `val/train/steam` is validation.
struct FolderParts {
    /// Indices of classes.
    private(set) var train: [Int] = [], validation: [Int] = [], test: [Int] = []
    /// Classes that lie in none of the three.
    private(set) var outside: [Int] = []

    private enum Part: String {
        case train = "training", validation, test

        init?(_ folder: BytePath) {
            if folder.isName("train") {
                self = .train
            } else if folder.isName("val") || folder.isName("valid") || folder.isName("validation") {
                self = .validation
            } else if folder.isName("test") {
                self = .test
            } else {
                return nil
            }
        }
    }

    /// Whether any class lies in a folder of a part. (One may be called like a part.)
    static func areNamed(in names: [BytePath]) -> Bool {
        names.contains { $0.components.dropLast().contains { Part($0) != nil } }
    }

    /// - Parameters:
    ///   - names: paths of the class folders.
    ///   - root: named in errors.
    init(of names: [BytePath], root: String) throws(DatasetError) {
        // A class is known by its path below the folder of its part.
        var owner: [[BytePath]: Part] = [:]
        for (index, name) in names.enumerated() {
            let components = name.components
            guard let depth = components.dropLast().firstIndex(where: { Part($0) != nil }),
                let part = Part(components[depth])
            else {
                outside.append(index)
                continue
            }
            let className = Array(components[(depth + 1)...])
            if let other = owner.updateValue(part, forKey: className), other != part {
                let shown = className.map(\.description).joined(separator: "/")
                throw .inconsistent(
                    at: root,
                    "class \(shown) expected in one part, it is in the \(other.rawValue) and the "
                        + "\(part.rawValue) classes"
                )
            }
            switch part {
            case .train: train.append(index)
            case .validation: validation.append(index)
            case .test: test.append(index)
            }
        }
        for (part, classes) in [("train", train), ("validation", validation), ("test", test)] where classes.isEmpty {
            throw .missing(
                at: root,
                "folders train, val and test of class folders expected, or a split file; \(part) is missing "
                    + "(for example train/cat/1.png, val/dog/1.jpg, test/owl/1.png, or --split-file)")
        }
    }
}

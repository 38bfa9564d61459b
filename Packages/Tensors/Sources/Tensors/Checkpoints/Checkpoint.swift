/// Named tensors and notes, kept in a safetensors file.
public struct Checkpoint: Sendable {
    /// In the file's order; no two have one name.
    public var tensors: [(name: String, tensor: Tensor)]
    /// Text beside the tensors (`__metadata__` of the file).
    public var notes: [String: String]

    /// What is to be written; names and notes are looked at when it is.
    public init(tensors: [(name: String, tensor: Tensor)] = [], notes: [String: String] = [:]) {
        self.tensors = tensors
        self.notes = notes
    }

    /// Adds a tree's tensors under `prefix`, by their paths.
    public mutating func add<Tree: TensorTree>(_ tree: Tree, as prefix: String) {
        for (path, tensor) in zip(tree.paths, tree.tensors) {
            tensors.append((path.isEmpty ? prefix : "\(prefix).\(path)", tensor))
        }
    }

    /// The tree with the tensors that lie under `prefix`; names, shapes and types must be the tree's.
    public func restored<Tree: TensorTree>(_ tree: Tree, from prefix: String, file: String) throws(CheckpointError)
        -> Tree
    {
        let found = Dictionary(tensors.map { ($0.name, $0.tensor) }) { first, _ in first }
        var values: [Tensor] = []
        for (path, template) in zip(tree.paths, tree.tensors) {
            let name = path.isEmpty ? prefix : "\(prefix).\(path)"
            let expected = "\(name) \(template.shape) \(template.elementType)"
            guard let tensor = found[name] else {
                throw .wrongTensor(file: file, expected: expected, got: "no such tensor")
            }
            guard tensor.shape == template.shape, tensor.elementType == template.elementType else {
                throw .wrongTensor(file: file, expected: expected, got: "\(tensor.shape) \(tensor.elementType)")
            }
            values.append(tensor)
        }
        return tree.with(values)
    }
}

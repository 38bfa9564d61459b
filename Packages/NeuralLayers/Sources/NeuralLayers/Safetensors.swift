import Foundation
import Tensors

/// Why a checkpoint cannot be read or written, in one line.
public struct CheckpointError: Error, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }

    /// A checkpoint that was made with other settings.
    public init(expected: String, got: String, file: String) {
        description = "\(file): a checkpoint of \(expected) expected, got \(got)"
    }
}

/// Named tensors and notes in a safetensors file, readable by Python's `safetensors`: eight bytes with the length of a
/// JSON header (name to type, shape, byte range), the header, the bytes.
public struct Checkpoint: Sendable {
    public var tensors: [(name: String, tensor: Tensor)]
    public var notes: [String: String]

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

    /// The tree with the tensors that lie under `prefix`; names and shapes must be the tree's.
    public func restored<Tree: TensorTree>(_ tree: Tree, from prefix: String, file: String) throws(CheckpointError)
        -> Tree
    {
        let found = Dictionary(tensors.map { ($0.name, $0.tensor) }) { first, _ in first }
        var values: [Tensor] = []
        for (path, template) in zip(tree.paths, tree.tensors) {
            let name = path.isEmpty ? prefix : "\(prefix).\(path)"
            guard let tensor = found[name] else {
                throw CheckpointError(
                    "\(file): a tensor \(name) \(template.shape) expected, there is none: a checkpoint of another architecture"
                )
            }
            guard tensor.shape == template.shape, tensor.elementType == template.elementType else {
                throw CheckpointError(
                    "\(file): \(name) \(template.shape) \(template.elementType) expected, got \(tensor.shape) \(tensor.elementType): a checkpoint of another architecture"
                )
            }
            values.append(tensor)
        }
        return tree.with(values)
    }

    // MARK: Files

    private static let typeNames: [ElementType: String] = [.float32: "F32", .float64: "F64", .int32: "I32"]

    /// Writes to a temporary file and renames it.
    public func write(to path: String) throws(CheckpointError) {
        var header: [String: Any] = notes.isEmpty ? [:] : ["__metadata__": notes], bytes = Data()
        for (name, tensor) in tensors {
            let size = tensor.count * tensor.elementType.byteCount, storage = tensor.storage
            header[name] =
                [
                    "dtype": Self.typeNames[tensor.elementType]!, "shape": tensor.shape.extents,
                    "data_offsets": [bytes.count, bytes.count + size],
                ] as [String: Any]
            withExtendedLifetime(storage) {
                bytes.append(storage.address.assumingMemoryBound(to: UInt8.self), count: size)
            }
        }
        do {
            var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
            // The bytes begin at a multiple of 8.
            json.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8))
            var length = UInt64(json.count).littleEndian
            try (Data(bytes: &length, count: 8) + json + bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CheckpointError("\(path): the checkpoint cannot be written (disk full, or the folder is gone)")
        }
    }

    public init(path: String) throws(CheckpointError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CheckpointError("\(path): a checkpoint expected, there is no readable file")
        }
        func broken(_ what: String) -> CheckpointError {
            CheckpointError("\(path): a safetensors file expected, \(what)")
        }
        guard data.count >= 8 else { throw broken("it has \(data.count) bytes") }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(data[$1]) << (8 * UInt64($1)) }
        guard length <= UInt64(data.count - 8), length < 100_000_000 else {
            throw broken("its header of \(length) bytes does not fit into \(data.count)")
        }
        let start = 8 + Int(length)
        guard let header = (try? JSONSerialization.jsonObject(with: data[8..<start])) as? [String: Any] else {
            throw broken("its header is no JSON object")
        }
        notes = header["__metadata__"] as? [String: String] ?? [:]
        tensors = []
        let types = Dictionary(uniqueKeysWithValues: Self.typeNames.map { ($1, $0) })
        for (name, value) in header.sorted(by: { $0.key < $1.key }) where name != "__metadata__" {
            guard let entry = value as? [String: Any], let typeName = entry["dtype"] as? String,
                let shape = entry["shape"] as? [Int], let range = entry["data_offsets"] as? [Int],
                range.count == 2, shape.allSatisfy({ $0 >= 0 && $0 < 1 << 31 })
            else { throw broken("the entry of \(name) is damaged") }
            guard let type = types[typeName] else {
                throw broken("\(name) has the type \(typeName); F32, F64 or I32 can be read")
            }
            let (count, overflow) = shape.reduce((1, false)) {
                let (p, o) = $0.0.multipliedReportingOverflow(by: $1)
                return (p, o || $0.1)
            }
            guard !overflow, range[0] >= 0, range[1] >= range[0], range[1] <= data.count - start,
                range[1] - range[0] == count * type.byteCount
            else {
                throw broken(
                    "\(name) lies at \(range[0])..<\(range[1]) of \(data.count - start) bytes, which is not its shape \(shape)"
                )
            }
            let storage = Storage(byteCount: max(count * type.byteCount, 1))
            data.withUnsafeBytes {
                if count > 0 {
                    storage.address.copyMemory(
                        from: $0.baseAddress! + start + range[0], byteCount: count * type.byteCount)
                }
            }
            tensors.append((name, Tensor(storage: storage, shape: Shape(shape), elementType: type)))
        }
    }
}

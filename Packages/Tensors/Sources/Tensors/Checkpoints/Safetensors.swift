import Foundation

/// The file of a checkpoint, readable by Python's `safetensors`: eight bytes with the length of a JSON header (name to
/// type, shape, byte range), the header, the bytes.
///
/// Reading trusts nothing: the ranges must cover the bytes without gap, overlap or rest, as the format demands; sizes
/// that overflow and numbers that are not finite are refused, by the tensor's name.
extension Checkpoint {
    private static let typeNames: [ElementType: String] = [.float32: "F32", .float64: "F64", .int32: "I32"]

    // MARK: Writing

    /// Writes beside the place and renames: the file is whole, or the one that was there before.
    public func write(to path: String) throws(CheckpointError) {
        var header: [String: Any] = notes.isEmpty ? [:] : ["__metadata__": notes], end = 0
        for (name, tensor) in tensors {
            let begin = end
            end += tensor.count * tensor.elementType.byteCount
            header[name] =
                [
                    "dtype": Self.typeNames[tensor.elementType]!, "shape": tensor.shape.extents,
                    "data_offsets": [begin, end],
                ] as [String: Any]
        }
        do {
            var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
            // The bytes begin at a multiple of 8.
            json.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8))
            var length = UInt64(json.count).littleEndian
            let place = URL(fileURLWithPath: path)
            let partial = place.deletingLastPathComponent().path + "/.\(place.lastPathComponent).partial"
            guard FileManager.default.createFile(atPath: partial, contents: nil),
                let file = FileHandle(forWritingAtPath: partial)
            else { throw CheckpointError.unwritable(file: path, reason: "the folder is gone or not writable") }
            try file.write(contentsOf: Data(bytes: &length, count: 8) + json)
            for (_, tensor) in tensors where tensor.count > 0 {
                let storage = tensor.storage
                try withExtendedLifetime(storage) {
                    try file.write(
                        contentsOf: Data(
                            bytesNoCopy: storage.address, count: tensor.count * tensor.elementType.byteCount,
                            deallocator: .none))
                }
            }
            try file.close()
            guard rename(partial, path) == 0 else {
                throw CheckpointError.unwritable(file: path, reason: String(cString: strerror(errno)))
            }
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .unwritable(file: path, reason: "disk full?")
        }
    }

    // MARK: Reading

    /// What the header says of a tensor.
    private struct Entry {
        let name: String
        let type: ElementType
        let shape: [Int]
        let begin: Int, end: Int
    }

    /// Reads and verifies a file: offsets, extents and lengths must fit.
    /// - Throws: `CheckpointError` with the file's name.
    public init(path: String) throws(CheckpointError) {
        guard let data = FileManager.default.contents(atPath: path) else { throw .unreadable(file: path) }
        func damaged(_ reason: String) -> CheckpointError { .damaged(file: path, reason: reason) }
        guard data.count >= 8 else { throw damaged("it has \(data.count) bytes") }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(data[$1]) << (8 * UInt64($1)) }
        guard length <= UInt64(data.count - 8), length < 100_000_000 else {
            throw damaged("its header of \(length) bytes does not fit into \(data.count)")
        }
        let start = 8 + Int(length), size = data.count - start
        guard let header = (try? JSONSerialization.jsonObject(with: data[8..<start])) as? [String: Any] else {
            throw damaged("its header is no JSON object")
        }
        self.init()
        if let metadata = header["__metadata__"] {
            guard let notes = metadata as? [String: String] else { throw damaged("its metadata are no texts by name") }
            self.notes = notes
        }
        var entries: [Entry] = []
        for (name, value) in header.sorted(by: { $0.key < $1.key }) where name != "__metadata__" {
            entries.append(try Self.entry(name, value, in: path))
        }
        try Self.checkCover(entries, size: size, in: path)
        for entry in entries { tensors.append((entry.name, try Self.tensor(entry, data, at: start, in: path))) }
    }

    private static func entry(_ name: String, _ value: Any, in path: String) throws(CheckpointError) -> Entry {
        func damaged(_ reason: String) -> CheckpointError { .damaged(file: path, reason: reason) }
        guard let entry = value as? [String: Any], let typeName = entry["dtype"] as? String,
            let shape = entry["shape"] as? [Int], let range = entry["data_offsets"] as? [Int], range.count == 2,
            shape.allSatisfy({ $0 >= 0 })
        else { throw damaged("the entry of \(name) is damaged") }
        guard let type = typeNames.first(where: { $0.value == typeName })?.key else {
            throw damaged("\(name) has the type \(typeName); F32, F64 or I32 can be read")
        }
        var count = type.byteCount, overflows = false
        for extent in shape {
            let product = count.multipliedReportingOverflow(by: extent)
            (count, overflows) = (product.partialValue, overflows || product.overflow)
        }
        guard !overflows, range[0] >= 0, range[1] >= range[0], range[1] - range[0] == count else {
            throw damaged("\(name) lies at \(range[0])..<\(range[1]), which is not its shape \(shape) of \(typeName)")
        }
        return Entry(name: name, type: type, shape: shape, begin: range[0], end: range[1])
    }

    /// That each byte belongs to one tensor.
    private static func checkCover(_ entries: [Entry], size: Int, in path: String) throws(CheckpointError) {
        var end = 0, last = ""
        for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            if entry.begin < end { throw .damaged(file: path, reason: "\(last) and \(entry.name) overlap") }
            if entry.begin > end {
                throw .damaged(
                    file: path, reason: "the bytes \(end)..<\(entry.begin) before \(entry.name) belong to no tensor")
            }
            (end, last) = (entry.end, entry.name)
        }
        if end > size {
            throw .damaged(file: path, reason: "\(last) ends at \(end) of \(size) bytes: the file was cut off")
        }
        if end < size { throw .damaged(file: path, reason: "\(size - end) bytes behind its tensors belong to none") }
    }

    private static func tensor(_ entry: Entry, _ data: Data, at start: Int, in path: String) throws(CheckpointError)
        -> Tensor
    {
        let count = entry.end - entry.begin, storage = Storage(byteCount: max(count, 1))
        if count > 0 {
            data.withUnsafeBytes {
                storage.address.copyMemory(from: $0.baseAddress! + start + entry.begin, byteCount: count)
            }
        }
        let isFinite =
            switch entry.type {
            case .float32:
                UnsafeRawBufferPointer(start: storage.address, count: count).bindMemory(to: Float.self).allSatisfy(
                    \.isFinite)
            case .float64:
                UnsafeRawBufferPointer(start: storage.address, count: count).bindMemory(to: Double.self).allSatisfy(
                    \.isFinite)
            case .int32: true
            }
        guard isFinite else { throw .notFinite(file: path, tensor: entry.name) }
        return Tensor(storage: storage, shape: Shape(entry.shape), elementType: entry.type)
    }
}

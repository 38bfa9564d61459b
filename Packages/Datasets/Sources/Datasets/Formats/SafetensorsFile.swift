import Foundation

/// The arrays of a safetensors file: eight bytes with the length of a JSON header (name to type, shape and byte range),
/// the header, the bytes. Each is read as an `NPYFile` is, of which it has all but the header.
///
/// Floating-point numbers of 2, 4 and 8 bytes, integers and truth values; arrays of other types are named when they are
/// asked for. The ranges are verified against the shapes and the file's length, nothing is copied.
struct SafetensorsFile: Sendable {
    let path: String
    /// Sorted; without the metadata.
    let names: [String]
    private let file: MappedFile
    private let entries: [String: Entry]
    /// Where the bytes begin.
    private let start: Int

    private struct Entry: Sendable {
        let type: String, shape: [Int], range: Range<Int>
    }

    private static let types: [String: NPYFile.ElementType] = [
        "F16": .floating(bytes: 2), "F32": .floating(bytes: 4), "F64": .floating(bytes: 8), "BOOL": .boolean,
        "I8": .integer(bytes: 1, isSigned: true), "U8": .integer(bytes: 1, isSigned: false),
        "I16": .integer(bytes: 2, isSigned: true), "U16": .integer(bytes: 2, isSigned: false),
        "I32": .integer(bytes: 4, isSigned: true), "U32": .integer(bytes: 4, isSigned: false),
        "I64": .integer(bytes: 8, isSigned: true), "U64": .integer(bytes: 8, isSigned: false),
    ]

    /// Whether a file begins as one: a length that fits, then a JSON object.
    static func isLikely(_ file: MappedFile) -> Bool {
        guard file.count > 9, let length = file.integer(at: 0, width: 8) else { return false }
        return 2...(file.count - 8) ~= length && file[8] == UInt8(ascii: "{")
    }

    init(path: String) throws(DatasetError) {
        self.path = path
        file = try MappedFile(path: path)
        guard Self.isLikely(file), let length = file.integer(at: 0, width: 8), length < 100_000_000,
            let header = try? JSONSerialization.jsonObject(with: Data(file[8..<(8 + length)])) as? [String: Any]
        else { throw .damaged(at: path, "a safetensors header of JSON that fits the file expected") }
        start = 8 + length
        var entries: [String: Entry] = [:]
        for (name, value) in header where name != "__metadata__" {
            guard let entry = value as? [String: Any], let type = entry["dtype"] as? String,
                let shape = entry["shape"] as? [Int], shape.allSatisfy({ $0 >= 0 }),
                let range = entry["data_offsets"] as? [Int], range.count == 2, 0 <= range[0], range[0] <= range[1],
                range[1] <= file.count - start
            else {
                throw .damaged(
                    at: path, "a type, a shape and a range within the file expected for \(BytePath(name))")
            }
            entries[name] = Entry(type: type, shape: shape, range: range[0]..<range[1])
        }
        self.entries = entries
        names = entries.keys.sorted()
    }

    func shape(of name: String) -> [Int] { entries[name]?.shape ?? [] }

    func array(_ name: String) throws(DatasetError) -> NPYFile {
        let place = "\(path), \(BytePath(name))"
        guard let entry = entries[name] else { throw .missing(at: path, "an array \(name) expected, it is not there") }
        guard let type = Self.types[entry.type] else {
            throw .unsupported(
                at: place, "an array of F16, F32, F64, integers or BOOL expected, got \(BytePath(entry.type))")
        }
        return try NPYFile(
            file, bytes: (start + entry.range.lowerBound)..<(start + entry.range.upperBound), shape: entry.shape,
            elementType: type, name: place)
    }
}

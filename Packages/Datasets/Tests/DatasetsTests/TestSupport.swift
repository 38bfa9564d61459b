import Datasets
import Foundation

/// A folder that a test fills and that disappears with it.
final class Scratch {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("datasets-\(UUID().uuidString)").path
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, making the folders above it.
    func write(_ bytes: [UInt8], _ name: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    /// Writes a file whose name need not be UTF-8, making the folders above it. Foundation's paths are text, and on
    /// some systems normalised: this goes to the system directly.
    func write(_ bytes: [UInt8], at path: BytePath) throws {
        try makeFolder(path.folder)
        let file = cString(path).withUnsafeBufferPointer { fopen($0.baseAddress!, "wb") }
        guard let file else { throw DatasetError.unwritable(at: "\(path)", "a writable file expected") }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    func makeFolder(_ path: BytePath) throws {
        var folder: [UInt8] = []
        for component in path.components {
            folder += (folder.isEmpty ? [] : [UInt8(ascii: "/")]) + component.bytes
            _ = cString(BytePath(folder)).withUnsafeBufferPointer { mkdir($0.baseAddress!, 0o777) }
        }
    }

    /// Makes a symbolic link.
    func link(_ path: String, to target: String) throws {
        try makeFolder(BytePath(path).folder)
        try FileManager.default.createSymbolicLink(atPath: "\(self.path)/\(path)", withDestinationPath: target)
    }

    private func cString(_ path: BytePath) -> [CChar] {
        (Array("\(self.path)/".utf8) + path.bytes + [0]).map { CChar(bitPattern: $0) }
    }
}

/// The entries of a JSON fixture of files in base64.
func fixtures(_ name: String) throws -> [String: Data] {
    try JSONDecoder().decode([String: Data].self, from: fixture(name))
}

/// A committed file that make-fixtures.py made.
func fixture(_ name: String) throws -> Data {
    guard let url = Bundle.module.url(forResource: "Fixtures", withExtension: nil) else {
        throw DatasetError.missing(at: "Fixtures", "the resources are missing")
    }
    return try Data(contentsOf: url.appendingPathComponent(name))
}

/// Where real data sets lie for the tests that want them: `$BILEVEL_DATA`, or `data/` at the top of the repository.
let dataDirectory =
    ProcessInfo.processInfo.environment["BILEVEL_DATA"]
    ?? URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../../data").standardized.path

func hasData(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(dataDirectory)/\(name)") }

/// Whether tests over tens of thousands of real images run: unoptimised they would take many minutes.
#if DEBUG
    let isOptimised = false
#else
    let isOptimised = true
#endif

/// What an expression complains about, or "no complaint".
func complaint(_ body: () throws -> Void) -> String {
    do { try body() } catch let error as DatasetError { return error.description } catch {
        return "another error: \(error)"
    }
    return "no complaint"
}

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

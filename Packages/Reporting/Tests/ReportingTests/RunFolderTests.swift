import Foundation
import Testing

@testable import Reporting

/// A path below the system's temporary folder; what lies there is removed with this value.
final class Scratch {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("reporting-\(UUID().uuidString)").path

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
}

@Suite struct RunFolderTests {
    @Test func aRunFolderRefusesToOverwriteARun() throws {
        let scratch = Scratch()
        func begin() throws { try RunFolder(path: scratch.path).writeJSON(["a": 1], to: "configuration.json") }
        try begin()
        #expect(throws: ReportingError.holdsSomething(folder: scratch.path, what: "a run already")) { try begin() }
        let other = Scratch()
        try FileManager.default.createDirectory(atPath: other.path, withIntermediateDirectories: true)
        try other.write("", to: "photo.png")
        #expect {
            _ = try RunFolder(path: other.path)
        } throws: { "\($0)".hasSuffix("an empty or new folder expected, it holds photo.png") }
        #expect(throws: ReportingError.noRun(folder: other.path, what: "photo.png")) {
            _ = try RunFolder(resuming: other.path)
        }
    }

    @Test func anOutputThatCannotBeCreatedIsNamed() throws {
        #expect { _ = try RunFolder(path: "/proc/nothing/here") } throws: { "\($0)".contains("/proc/nothing/here") }
    }

    /// Two descriptors of one process exclude each other as those of two processes do.
    @Test func ofTwoRunsInOneFolderOneIsRefused() throws {
        let scratch = Scratch()
        var first: RunFolder? = try RunFolder(path: scratch.path)
        #expect(throws: ReportingError.isInUse(folder: scratch.path)) { _ = try RunFolder(path: scratch.path) }
        #expect(throws: ReportingError.isInUse(folder: scratch.path)) { _ = try RunFolder(resuming: scratch.path) }
        try first?.writeJSON([:], to: "configuration.json")
        first = nil
        #expect(try RunFolder(resuming: scratch.path).isBegun)
    }

    /// Killed before its first file, or while it wrote it.
    @Test func aRunWithoutFilesBegins() throws {
        let scratch = Scratch()
        #expect(try !RunFolder(resuming: scratch.path).isBegun)
        try scratch.write("{", to: ".configuration.json.partial")
        #expect(try !RunFolder(resuming: scratch.path).isBegun)
        #expect(try !RunFolder(path: scratch.path).isBegun)
    }

    @Test func aNewFileReplacesNothing() throws {
        let scratch = Scratch(), folder = try RunFolder(path: scratch.path), path = "\(folder.path)/a.csv"
        try RunFolder.checkNew(path)
        try RunFolder.writeNew("one", to: path)
        #expect(throws: ReportingError.exists(file: path)) { try RunFolder.checkNew(path) }
        #expect(throws: ReportingError.self) { try RunFolder.writeNew("two", to: path) }
        #expect(try scratch.text("a.csv") == "one")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.csv"])
        #expect(throws: ReportingError.self) { try RunFolder.checkNew("\(folder.path)/none/a.csv") }
    }
}

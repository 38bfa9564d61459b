import Foundation
import Testing

/// `Packages/README.md` speaks of what is there.
@Suite struct MapTests {
    private static let packages = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Packages").standardizedFileURL

    /// Paths below `Packages`, of everything but builds, and the words of all sources.
    private static let (paths, words): ([String], Set<Substring>) = {
        let all = (FileManager.default.enumerator(atPath: packages.path)?.allObjects as? [String] ?? [])
            .filter { !$0.contains("/.build") }
        let texts = all.filter { $0.hasSuffix(".swift") }.compactMap {
            try? String(contentsOf: packages.appendingPathComponent($0), encoding: .utf8)
        }
        return (all, Set(texts.flatMap(split)))
    }()

    private static func split(_ text: String) -> [Substring] {
        text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
    }

    /// What stands in backquotes, without the blocks and without what still has to be named.
    private static let names: [String] = {
        let text = (try? String(contentsOf: packages.appendingPathComponent("README.md"), encoding: .utf8)) ?? ""
        let prose = text.split(separator: "```", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 0 }.map { String($0.element) }.joined()
        return prose.matches(of: /`([^`]+)`/).map { String($0.1) }.filter { !$0.contains("NAME") }
    }()

    /// A type, function or member; a folder, target or file.
    private static func isThere(_ name: String) -> Bool {
        let path = packages.deletingLastPathComponent().appendingPathComponent(name).path
        if name.contains("/"), FileManager.default.fileExists(atPath: path) { return true }
        if paths.contains(where: { $0 == name || $0.hasSuffix("/\(name)") }) { return true }
        return !name.contains("/") && split(name).allSatisfy(words.contains)
    }

    @Test func everyNameOnTheMapExists() {
        #expect(Self.names.count > 60)
        for name in Set(Self.names).sorted() where !name.hasPrefix("swift run") {
            #expect(Self.isThere(name), "\(name)")
        }
    }
}

import Datasets
import Foundation
import Randomness
import Testing

/// Fixtures/small.zip holds a/stored.txt ("stored", method 0) and b/deflated.txt ("deflated " a hundred times, method
/// 8).
@Suite struct ZipArchiveTests {
    func archive(_ bytes: [UInt8]? = nil) throws -> (Scratch, String) {
        let scratch = try Scratch()
        try scratch.write(try bytes ?? [UInt8](fixture("small.zip")), "small.zip")
        return (scratch, "\(scratch.path)/small.zip")
    }

    let deflated = Array(String(repeating: "deflated ", count: 100).utf8)

    @Test("stored and deflated entries are read in place, folders are left out")
    func contents() throws {
        let (scratch, path) = try archive(), zip = try ZipArchive(path: path)
        #expect(zip.paths == ["a/stored.txt", "b/deflated.txt"])
        #expect(try zip.contents(of: "a/stored.txt") == Array("stored".utf8))
        #expect(try zip.contents(of: "b/deflated.txt") == deflated)
        #expect(complaint { _ = try zip.contents(of: "c") } == "\(path): c expected in the archive, it is not there")
        #expect(
            complaint { _ = try ZipArchive(path: path, maximumEntrySize: 899).contents(of: "b/deflated.txt") }.contains(
                "at most 899 bytes expected, it claims 900"))
        _ = scratch
    }

    @Test("the 64-bit extension is read")
    func zip64() throws {
        let (scratch, path) = try archive([UInt8](fixture("large.zip"))), zip = try ZipArchive(path: path)
        #expect(try zip.contents(of: "b/deflated.txt") == deflated)
        _ = scratch
    }

    @Test("an archive in a folder counts as unpacked there, and files on disk hide those in it")
    func trees() throws {
        let (scratch, path) = try archive()
        try scratch.write(Array("mine".utf8), "a/stored.txt")
        let tree = try FileTree(path: scratch.path), alone = try FileTree(path: path)
        #expect(tree.paths == alone.paths)
        #expect(
            try tree.contents(of: "a/stored.txt") == Array("mine".utf8)
                && tree.contents(of: "b/deflated.txt") == deflated)
        #expect(try alone.contents(of: "a/stored.txt") == Array("stored".utf8))
        #expect(alone.description(of: "b/deflated.txt") == "\(path), entry b/deflated.txt")
        #expect(tree.fingerprint != alone.fingerprint)
    }

    @Test("damage anywhere is an error with the archive's name or does no harm, never a crash")
    func damage() throws {
        let intact = try [UInt8](fixture("small.zip"))
        var random = RandomGenerator(seed: 5), refused = 0
        for i in 0..<2_000 {
            var bytes = intact
            if i < intact.count {
                bytes = Array(intact[..<i])
            } else {
                for _ in 0...(i % 3) {
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            let (scratch, path) = try archive(bytes)
            let outcome = complaint {
                let zip = try ZipArchive(path: path, maximumEntrySize: 1 << 20)
                for name in zip.paths { _ = try zip.contents(of: name) }
            }
            #expect(outcome.hasPrefix(path) || i >= intact.count && outcome == "no complaint", "\(i): \(outcome)")
            if outcome != "no complaint" { refused += 1 }
            _ = scratch
        }
        #expect(refused > 1_000)
    }
}

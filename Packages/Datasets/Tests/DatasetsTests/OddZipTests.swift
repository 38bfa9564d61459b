import Datasets
import Testing

/// Zip archives as other programs write them, made here byte by byte.
@Suite struct OddZipTests {
    struct Entry {
        var name: [UInt8], content: [UInt8] = [1, 2, 3]
        var flags = 0, method = 0, system = 0, attributes = 0
        /// Of the directory's record.
        var extra: [UInt8] = []

        init(_ name: String) { self.name = Array(name.utf8) }
        init(_ name: [UInt8]) { self.name = name }

        func with(_ change: (inout Entry) -> Void) -> Entry {
            var copy = self
            change(&copy)
            return copy
        }
    }

    func archive(_ entries: [Entry], before: [UInt8] = [], comment: [UInt8] = []) -> [UInt8] {
        func little(_ number: Int, _ width: Int) -> [UInt8] {
            (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        var bytes = before, directory: [UInt8] = []
        for entry in entries {
            let start = bytes.count - before.count
            let sizes =
                little(Int(checksum(entry.content)), 4) + little(entry.content.count, 4)
                + little(entry.content.count, 4)
            let common = little(entry.flags, 2) + little(entry.method, 2) + [0, 0, 0, 0]
            bytes += [0x50, 0x4B, 3, 4, 20, 0] + common
            // With bit 3 the sizes follow the content in a descriptor.
            bytes += entry.flags & 8 != 0 ? [UInt8](repeating: 0, count: 12) : sizes
            bytes += little(entry.name.count, 2) + [0, 0] + entry.name + entry.content
            if entry.flags & 8 != 0 { bytes += [0x50, 0x4B, 7, 8] + sizes }
            directory += [0x50, 0x4B, 1, 2, 20, UInt8(entry.system), 20, 0] + common + sizes
            directory += little(entry.name.count, 2) + little(entry.extra.count, 2) + [0, 0, 0, 0, 0, 0]
            directory += little(entry.attributes, 4) + little(start, 4) + entry.name + entry.extra
        }
        let start = bytes.count - before.count
        bytes += directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + little(entries.count, 2) + little(entries.count, 2)
        return bytes + little(directory.count, 4) + little(start, 4) + little(comment.count, 2) + comment
    }

    func tree(_ bytes: [UInt8], _ name: String = "data.zip") throws -> (scratch: Scratch, tree: FileTree) {
        let scratch = try Scratch()
        try scratch.write(bytes, name)
        return (scratch, try FileTree(path: "\(scratch.path)/\(name)"))
    }

    @Test("names without the mark are code page 437, with it UTF-8; different bytes stay different names")
    func names() throws {
        let unmarked = Entry([0x82, 0x81] + Array("/1.png".utf8)),
            marked = Entry("éü/1.png").with { $0.flags = 1 << 11 }
        #expect(try tree(archive([unmarked])).tree.paths == ["éü/1.png"])
        let (scratch, tree) = try tree(archive([marked.with { $0.content = [9] }, unmarked]))
        #expect(Set(tree.paths) == ["éü/1.png", BytePath([0x82, 0x81] + Array("/1.png".utf8))])
        #expect(try tree.contents(of: "éü/1.png") == [9])
        // Composed and decomposed letters; bytes that are no UTF-8 though marked.
        let others = [
            Entry("e\u{301}.png"), Entry("\u{E9}.png"), Entry([0xFF, 0x2E, 0x70]), Entry([0xFE, 0x2E, 0x70]),
        ]
        #expect(try self.tree(archive(others.map { $0.with { $0.flags = 1 << 11 } })).tree.paths.count == 4)
        // A Unix tool that forgot the mark.
        #expect(try self.tree(archive([Entry("é.png").with { $0.system = 3 }])).tree.paths == ["é.png"])
        _ = scratch
    }

    @Test("a name in UTF-8 beside the old one counts, if it belongs to it (Info-ZIP's field 0x7075)")
    func unicodeField() throws {
        let old: [UInt8] = [0x3F] + Array(".png".utf8), new = Array("\u{65E5}.png".utf8)
        for (belongs, name) in [(true, "\u{65E5}.png"), (false, "?.png")] {
            let sum = belongs ? checksum(old) : 7
            let field: [UInt8] = [1] + (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(8 * $0)) } + new
            let entry = Entry(old).with { $0.extra = [0x75, 0x70, UInt8(field.count), 0] + field }
            #expect(try tree(archive([entry])).tree.paths == [BytePath(name)])
        }
        // Cut off: the field claims more than there is.
        let cut = Entry(old).with { $0.extra = [0x75, 0x70, 200, 0, 1, 0, 0, 0, 0, 65] }
        #expect(try tree(archive([cut])).tree.paths == ["?.png"])
    }

    @Test("the last file of an archive in parts is named as such")
    func parts() throws {
        var bytes = archive([Entry("a/1.png")])
        bytes[bytes.count - 18] = 2
        #expect(
            complaint { _ = try tree(bytes) }.contains("an archive of one file expected, this is the last of 3 parts"))
    }

    @Test("backslashes separate in archives of Windows, and are letters in those of Unix that have slashes")
    func backslashes() throws {
        #expect(
            try tree(archive([Entry(#"train\a\1.png"#), Entry(#"val\b\1.png"#)])).tree.paths == [
                "train/a/1.png", "val/b/1.png",
            ])
        let unix = [Entry("a/1.png"), Entry(#"a/b\c.png"#)].map { $0.with { $0.system = 3 } }
        #expect(try tree(archive(unix)).tree.paths == ["a/1.png", #"a/b\c.png"#])
        #expect(try tree(archive([Entry("a/1.png"), Entry(#"b\2.png"#)])).tree.paths == ["a/1.png", "b/2.png"])
    }

    @Test("bytes before the archive, and an end record's signature in its comment, do not matter")
    func surroundings() throws {
        let entries = [Entry("a/1.png"), Entry("b/2.png").with { $0.flags = 8 }]
        let fakeEnd = Array("made by PK\u{5}\u{6} ".utf8)
        for before in [[], Array("#!/bin/sh\nunzip\n".utf8), archive([Entry("x")])] {
            for comment in [[], fakeEnd, Array(repeating: fakeEnd, count: 50).flatMap { $0 }] {
                let (scratch, tree) = try tree(archive(entries, before: before, comment: comment))
                #expect(tree.paths == ["a/1.png", "b/2.png"])
                #expect(try tree.contents(of: "b/2.png") == [1, 2, 3])
                _ = scratch
            }
        }
    }

    @Test("an entry of a kind that is not read is an error only when it is asked for")
    func unreadKinds() throws {
        let entries = [
            Entry("a/1.png"), Entry("README").with { $0.flags = 1 }, Entry("notes.txt").with { $0.method = 9 },
            Entry("x").with { $0.method = 14 }, Entry("twice"), Entry("twice"),
        ]
        let (scratch, tree) = try tree(archive(entries))
        #expect(try tree.contents(of: "a/1.png") == [1, 2, 3])
        #expect(complaint { _ = try tree.contents(of: "README") }.contains("README is encrypted"))
        #expect(complaint { _ = try tree.contents(of: "notes.txt") }.contains("got 9 (Deflate64)"))
        #expect(complaint { _ = try tree.contents(of: "x") }.contains("got 14 (LZMA)"))
        #expect(complaint { _ = try tree.contents(of: "twice") }.contains("twice is there twice"))
        _ = scratch
    }

    @Test("paths that would leave the archive do not; links, hidden and system files are counted")
    func hostilePaths() throws {
        let entries =
            [
                "../../evil/x.png", "/abs/x.png", "./a/./1.png", "a/", "__MACOSX/a/._1.png", "a/.DS_Store",
                "a/Thumbs.db",
            ].map(Entry.init) + [
                Entry("a/link.png").with {
                    $0.system = 3
                    $0.attributes = 0o120777 << 16
                }
            ]
        let tree = try tree(archive(entries)).tree
        #expect(tree.paths == ["a/1.png", "abs/x.png"])
        #expect(tree.leftOut.counts == [.hidden: 2, .macOSDoubles: 1, .thumbnails: 1, .specialFiles: 1])
    }

    @Test("an archive in capitals counts, one hidden by another is counted, one within another is said")
    func archivesInFolders() throws {
        let scratch = try Scratch(), bytes = archive([Entry("a/1.png"), Entry("b/1.png")])
        try scratch.write(bytes, "DATA.ZIP")
        #expect(try FileTree(path: scratch.path).paths == ["a/1.png", "b/1.png"])
        try scratch.write(bytes, "data (1).zip")
        #expect(try FileTree(path: scratch.path).leftOut.counts == [.hiddenByOthers: 2])
        let nested = try tree(archive([Entry("data.zip")])).tree
        #expect(
            complaint {
                _ = try ImageClasses(
                    contentsOf: nested, name: "n", preparation: ImagePreparation(), cache: ImageCache(directory: nil))
            }.contains("unpack the archives within"))
        #expect(
            complaint { _ = try tree(Array("<html>".utf8)) }.contains("a zip archive expected, this is an HTML page"))
    }
}

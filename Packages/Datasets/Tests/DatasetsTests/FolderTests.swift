import Datasets
import Foundation
import Testing

/// Folders as people have them: names in old encodings, links, what their systems leave behind.
@Suite struct FolderTests {
    func tree(_ scratch: Scratch) throws -> FileTree { try FileTree(path: scratch.path) }

    func images(_ scratch: Scratch) throws -> ImageClasses {
        try ImageClasses(
            contentsOf: try tree(scratch), name: "test", preparation: ImagePreparation(channels: 1),
            cache: ImageCache(directory: nil))
    }

    @Test("names that are not UTF-8 are classes and files like others, shown escaped")
    func oldEncodings() throws {
        let scratch = try Scratch()
        // Latin-1, Shift JIS, and a byte that no encoding of text has.
        let names: [[UInt8]] = [[0x63, 0x61, 0x66, 0xE9], [0x93, 0xFA, 0x96, 0x7B], [0xFF]]
        for (index, name) in names.enumerated() {
            try scratch.write(greyPNG(UInt8(index)), at: BytePath(name + Array("/1.png".utf8)))
            try scratch.write(greyPNG(UInt8(10 + index)), at: BytePath(name + [0x2F, 0xE4] + Array(".png".utf8)))
        }
        let images = try images(scratch)
        #expect((0..<3).map(images.className) == [#"caf\xE9"#, #"\x93\xFA\x96{"#, #"\xFF"#])
        #expect((0..<3).map { images.picture(images.images(ofClass: $0).lowerBound).pixels[0] } == [0, 1, 2])
        #expect(images.imageCount == 6)
    }

    @Test("names equal but for the composition of their letters stay two, classes and files")
    func composition() throws {
        let scratch = try Scratch()
        for (index, name) in ["\u{E9}", "e\u{301}"].enumerated() {
            try scratch.write(greyPNG(UInt8(index)), at: BytePath("\(name)/1.png"))
            try scratch.write(greyPNG(UInt8(index)), at: BytePath("a/\(name).png"))
        }
        let images = try images(scratch)
        #expect(images.classCount == 3 && images.imageCount == 4)
        // A split file tells them apart by their bytes.
        let chosen = try images.selecting(named: ["e\u{301}", "\u{E9}"], part: "train")
        #expect((0..<2).map { chosen.picture(chosen.images(ofClass: $0).lowerBound).pixels[0] } == [1, 0])
    }

    @Test("a split file from another system finds a class whose letters are composed otherwise, if there is one")
    func equivalentNames() throws {
        let scratch = try Scratch()
        try scratch.write(greyPNG(1), at: BytePath("Angstro\u{308}m/1.png"))
        #expect(try images(scratch).selecting(named: ["Angstr\u{F6}m"], part: "train").classCount == 1)
    }

    @Test("names that begin with a combining mark are names")
    func combiningMarks() throws {
        let scratch = try Scratch()
        for (index, mark) in ["\u{93F}", "\u{940}", "\u{301}", "\u{20DD}"].enumerated() {
            try scratch.write(greyPNG(UInt8(index)), at: BytePath("letters/\(mark)/\(mark).png"))
        }
        let images = try images(scratch)
        #expect(images.classCount == 4 && images.imageCount == 4)
        #expect(try tree(scratch).imageFolders.map(\.path.name) == ["\u{301}", "\u{93F}", "\u{940}", "\u{20DD}"])
    }

    @Test("links are followed, to files, folders and from the root, but not back into a folder that they lie in")
    func links() throws {
        let scratch = try Scratch(), elsewhere = try Scratch()
        try elsewhere.write(greyPNG(1), "cats/1.png")
        try scratch.write(greyPNG(2), "dogs/1.png")
        try scratch.link("cats", to: "\(elsewhere.path)/cats")
        try scratch.link("dogs/2.png", to: "\(elsewhere.path)/cats/1.png")
        try scratch.link("dogs/again", to: "..")
        try elsewhere.link("cats/self", to: "\(elsewhere.path)/cats")
        let root = try Scratch()
        try root.link("data", to: scratch.path)
        for path in [scratch.path, "\(root.path)/data"] {
            let tree = try FileTree(path: path)
            #expect(tree.paths == ["cats/1.png", "dogs/1.png", "dogs/2.png"])
            #expect(tree.leftOut.counts == [.linksBack: 2])
            #expect(try tree.contents(of: "cats/1.png") == greyPNG(1))
        }
    }

    @Test("a link that leads nowhere is an error that names it, wherever it lies")
    func danglingLinks() throws {
        for target in ["nowhere", "../gone.png", "/nonexistent/x", "3.png"] {
            let scratch = try Scratch()
            try scratch.write(greyPNG(1), "a/1.png")
            // The last target is the link itself.
            try scratch.link("a/3.png", to: target)
            let message = complaint { _ = try tree(scratch) }
            #expect(message.hasPrefix("\(scratch.path)/a/3.png: a file or folder expected, the link"), "\(message)")
        }
        let root = try Scratch()
        try root.link("data", to: "nowhere")
        #expect(complaint { _ = try FileTree(path: "\(root.path)/data") }.contains("the link leads nowhere"))
    }

    @Test("a folder that cannot be opened is an error that names it")
    func unreadableFolders() throws {
        let scratch = try Scratch()
        try scratch.write(greyPNG(1), "a/1.png")
        // Root may open all: a path longer than the system takes cannot be opened by anybody.
        let long = String(repeating: "x", count: 250)
        // Deeper than a path can be written: one folder in the other.
        var folder = open("\(scratch.path)/a", O_RDONLY)
        for _ in 0..<20 {
            #expect(mkdirat(folder, long, 0o777) == 0)
            let next = openat(folder, long, O_RDONLY)
            close(folder)
            folder = next
        }
        close(folder)
        defer {  // Foundation cannot remove it either.
            let removal = Process()
            removal.executableURL = URL(fileURLWithPath: "/bin/rm")
            removal.arguments = ["-rf", scratch.path]
            try? removal.run()
            removal.waitUntilExit()
        }
        let message = complaint { _ = try tree(scratch) }
        #expect(message.hasPrefix("\(scratch.path)/a/\(long)") && message.contains("expected"))
    }

    @Test(
        "a folder and a picture without permission are errors that name them",
        .enabled(if: geteuid() != 0, "root may read everything"))
    func permissions() throws {
        let scratch = try Scratch()
        try scratch.write(greyPNG(1), "a/1.png")
        chmod("\(scratch.path)/a/1.png", 0)
        #expect(
            complaint { _ = try images(scratch) }.hasPrefix("\(scratch.path)/a/1.png: a file that can be read expected")
        )
        chmod("\(scratch.path)/a", 0)
        defer { chmod("\(scratch.path)/a", 0o755) }
        #expect(complaint { _ = try tree(scratch) }.hasPrefix("\(scratch.path)/a: a folder that can be read expected"))
    }

    @Test("folders of file servers and systems are no classes, and an empty folder is not left out without a word")
    func systemFolders() throws {
        let scratch = try Scratch()
        for name in ["a/1.png", "a/@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg", "$RECYCLE.BIN/x.png", "lost+found/1.png"] {
            try scratch.write(greyPNG(1), name)
        }
        try scratch.write([1], "a/ehthumbs.db")
        for name: BytePath in ["b", "c/d", "e"] { try scratch.makeFolder(name) }
        try scratch.write([], "e/.gitkeep")
        #expect(try images(scratch).imageCount == 1)
        #expect(
            try tree(scratch).leftOutOfImages.counts
                == [.systemFolders: 3, .thumbnails: 1, .emptyFolders: 3, .hidden: 1])
        #expect(try tree(scratch).leftOutOfImages.summary?.contains("3 of the system, 3 empty folders") == true)
    }

    @Test("what is not read is counted by kind and said in one line")
    func leftOut() throws {
        let scratch = try Scratch()
        for name in [
            "a/1.png", "a/2.JPG.png", ".git/config", "a/.DS_Store", "__MACOSX/a/._1.png", "a/Thumbs.db",
            "a/DESKTOP.INI",
            "a/notes.txt", "LICENSE", "b/more.zip", "labels.csv", "a/x.txt",
        ] { try scratch.write(greyPNG(1), name) }
        mkfifo("\(scratch.path)/a/pipe.png", 0o600)
        let leftOut = try tree(scratch).leftOutOfImages
        #expect(
            leftOut.counts == [
                .hidden: 2, .macOSDoubles: 1, .thumbnails: 2, .otherFormats: 4, .archives: 1, .specialFiles: 1,
            ])
        #expect(leftOut.total == 11)
        #expect(
            leftOut.summary
                == "11 entries not read: 2 hidden, 1 __MACOSX, 2 Thumbs.db or desktop.ini, "
                + "4 of other formats (.txt, no ending, .csv), 1 archives within, 1 no regular files")
        let clean = try Scratch()
        try clean.write(greyPNG(1), "a/1.png")
        #expect(try tree(clean).leftOutOfImages.summary == nil)
    }
}

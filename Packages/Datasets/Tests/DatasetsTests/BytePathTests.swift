import Datasets
import Testing

@Suite struct BytePathTests {
    @Test("only the slash separates: a combining mark after it begins a name, and no byte is lost")
    func components() {
        let path = BytePath("letters/\u{93F}/\u{301}x.png")
        #expect(path.components == ["letters", "\u{93F}", "\u{301}x.png"])
        #expect(path.name == "\u{301}x.png" && path.folder == "letters/\u{93F}" && path.ending == "png")
        #expect(BytePath([0x61, 0x2F, 0xE9]).components == [BytePath([0x61]), BytePath([0xE9])])
        #expect(
            BytePath("x").folder.isEmpty && BytePath("").components.isEmpty && BytePath("/a//b/").components.count == 2)
    }

    @Test("names that look alike and differ in their bytes are different")
    func equality() {
        #expect(
            BytePath("\u{E9}") != BytePath("e\u{301}") && BytePath("a") < BytePath("b") && BytePath("Z") < BytePath("a")
        )
        #expect(Set([BytePath("\u{E9}"), BytePath("e\u{301}")]).count == 2)
    }

    @Test("an ending is what follows the last dot, in small letters; a hidden file has none")
    func endings() {
        #expect(
            BytePath("a/b.tar.GZ").ending == "gz" && BytePath("a.b/c").ending == "" && BytePath(".png").ending == "")
        #expect(BytePath("photo.JPEG").ending == "jpeg")
    }

    @Test("what is not UTF-8 and every control character is shown escaped, in one line, without two paths alike")
    func descriptions() {
        #expect(BytePath([0x63, 0x61, 0x66, 0xE9]).description == #"caf\xE9"#)
        #expect(BytePath("café, 日本 \u{93F}").description == "café, 日本 \u{93F}")
        #expect(
            BytePath("two\r\nlines\t\u{7F}\u{85}\u{2028}").description
                == #"two\x0D\x0Alines\x09\x7F\xC2\x85\xE2\x80\xA8"#)
        // Overlong, surrogate, cut off: none is UTF-8.
        for bytes: [UInt8] in [[0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98], [0xF8], [0x80]] {
            #expect(
                BytePath(bytes).description == bytes.map { #"\x"# + String($0, radix: 16, uppercase: true) }.joined())
        }
        #expect(BytePath(#"a\xE9"#).description != BytePath([0x61, 0xE9]).description)
        #expect(BytePath(#"a\b"#).description == #"a\b"#)
        // Every path of two bytes has a text of its own.
        var texts: Set<[UInt8]> = []
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max { texts.insert(Array(BytePath([first, second]).description.utf8)) }
        }
        #expect(texts.count == 65_536)
    }
}

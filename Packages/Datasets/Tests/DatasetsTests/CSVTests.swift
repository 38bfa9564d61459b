import Datasets
import Testing

@Suite struct CSVTests {
    func records(_ text: String, separator: Character = ",") throws -> [[String]] {
        try CSV.records(Array(text.utf8), separator: separator.asciiValue!).map {
            $0.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test("RFC 4180: quotes, commas and ends of lines in fields, every end of line, a byte-order mark")
    func reading() throws {
        #expect(try records("a,b\r\nc,d\ne,f\rg,h") == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]])
        #expect(try records("\"a,\"\"b\"\"\r\nc\",d\n") == [["a,\"b\"\r\nc", "d"]])
        #expect(try records("\u{FEFF}a,b\n\n,\n") == [["a", "b"], ["", ""]])
        #expect(try records("a;b,c", separator: ";") == [["a", "b,c"]])
        #expect(try records("").isEmpty)
    }

    @Test("a combining mark behind a comma, a quote or an end of line does not hide it")
    func combiningMarks() throws {
        #expect(
            try records("a,\u{301}b\n\u{93F},\"\u{301}\"\r\n\u{308}") == [
                ["a", "\u{301}b"], ["\u{93F}", "\u{301}"], ["\u{308}"],
            ])
    }

    @Test("a quote that is never closed is an error with its line")
    func malformed() {
        #expect(throws: CSV.MalformedQuotes(line: 2)) { try CSV.records(Array("a,b\n\"c,d\n".utf8)) }
        #expect(throws: CSV.MalformedQuotes(line: 1)) { try CSV.records(Array("\"a\"b\n".utf8)) }
    }
}

/// Comma-separated values (RFC 4180), read as bytes: a combining mark behind a comma or a quote does not
/// hide it, as it would among a string's characters.
package enum CSV {
    /// The records of a text; empty lines are left out. Lines end with CR LF, LF or CR.
    /// - Parameter separator: a comma; some spreadsheets write semicolons.
    package static func records(
        _ text: some Collection<UInt8>, separator: UInt8 = UInt8(ascii: ",")
    ) throws(MalformedQuotes) -> [[[UInt8]]] {
        var reader = Reader(bytes: Array(text), separator: separator)
        return try reader.records()
    }

    /// A quote that is never closed, or text behind a closed one.
    package struct MalformedQuotes: Error, Sendable, Hashable {
        /// The line of the text, from 1.
        package let line: Int

        package init(line: Int) { self.line = line }
    }

    private struct Reader {
        let bytes: [UInt8], separator: UInt8
        var position = 0, line = 1

        init(bytes: [UInt8], separator: UInt8) {
            self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes[3...]) : bytes
            self.separator = separator
        }

        var current: UInt8? { position < bytes.count ? bytes[position] : nil }

        mutating func records() throws(MalformedQuotes) -> [[[UInt8]]] {
            var records: [[[UInt8]]] = []
            while position < bytes.count {
                let record = try self.record()
                if record != [[]] { records.append(record) }
            }
            return records
        }

        private mutating func record() throws(MalformedQuotes) -> [[UInt8]] {
            var fields = [try field()]
            while current == separator {
                position += 1
                fields.append(try field())
            }
            if current == 13 { position += 1 }
            if current == 10 { position += 1 }
            line += 1
            return fields
        }

        private mutating func field() throws(MalformedQuotes) -> [UInt8] {
            guard current == 34 else {
                let start = position
                while let byte = current, byte != separator, byte != 10, byte != 13 { position += 1 }
                return Array(bytes[start..<position])
            }
            let opened = line
            var field: [UInt8] = []
            position += 1
            while let byte = current {
                position += 1
                if byte == 10 { line += 1 }
                guard byte == 34 else {
                    field.append(byte)
                    continue
                }
                if current == 34 {
                    field.append(34)
                    position += 1
                } else if current == nil || current == separator || current == 10 || current == 13 {
                    return field
                } else {
                    break
                }
            }
            throw MalformedQuotes(line: opened)
        }
    }
}

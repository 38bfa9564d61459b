/// How the names in a zip archive become paths (PKWARE, APPNOTE.TXT 6.3, 4.4.17 and appendix D).
enum ZipNames {
    /// An entry's name as the archive holds it, and what says how to read it.
    struct Raw {
        let bytes: [UInt8]
        /// Bit 11: the name is UTF-8.
        let isMarkedUTF8: Bool
        /// The system that made the entry: 0 MS-DOS, 3 Unix, 10 Windows NTFS, 19 macOS.
        let system: Int
    }

    /// A path for each name, in their order; folders keep the slash at their end.
    ///
    /// Names without the mark are code page 437, but those that a Unix or macOS tool wrote are taken for UTF-8 where
    /// they are valid UTF-8: such tools often forget the mark. Names that differ in their bytes stay different: where
    /// two would be one path, the later keeps its bytes. Backslashes separate in archives without any slash, and in
    /// entries made by MS-DOS or Windows. Slashes at the beginning and `.` as a folder mean nothing here.
    static func paths(of names: [Raw]) -> [BytePath] {
        let hasSlash = names.contains { $0.bytes.contains(slash) }
        var owner: [BytePath: [UInt8]] = [:]
        return names.map { raw in
            let backslashSeparates = !hasSlash || [0, 10, 14].contains(raw.system)
            var path = cleaned(decoded(raw), backslashSeparates)
            if let other = owner[path], other != raw.bytes { path = cleaned(raw.bytes, backslashSeparates) }
            if owner[path] == nil { owner[path] = raw.bytes }
            return path
        }
    }

    private static let slash = UInt8(ascii: "/")

    private static func decoded(_ raw: Raw) -> [UInt8] {
        let isASCII = raw.bytes.allSatisfy { $0 < 128 }
        let isUnixUTF8 = [3, 19].contains(raw.system) && String(validating: raw.bytes, as: UTF8.self) != nil
        if raw.isMarkedUTF8 || isASCII || isUnixUTF8 { return raw.bytes }
        return Array(
            String(String.UnicodeScalarView(raw.bytes.map { $0 < 128 ? Unicode.Scalar($0) : upperHalf[Int($0) - 128] }))
                .utf8)
    }

    private static func cleaned(_ name: [UInt8], _ backslashSeparates: Bool) -> BytePath {
        let name = backslashSeparates ? name.map { $0 == UInt8(ascii: "\\") ? slash : $0 } : name
        let parts = name.split(separator: slash).filter { !$0.elementsEqual(".".utf8) }
        return BytePath(Array(parts.joined(separator: [slash])) + (name.last == slash ? [slash] : []))
    }

    /// Code page 437, 0x80 … 0xFF.
    private static let upperHalf = Array(
        ("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
            + "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}").unicodeScalars)
}

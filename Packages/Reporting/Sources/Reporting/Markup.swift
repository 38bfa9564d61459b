/// Text for HTML and SVG, in attributes too. By scalars: a combining mark that follows an apostrophe makes one
/// `Character` of both, which is no apostrophe any more, though a browser still sees one.
///
/// Control characters, which HTML and XML do not know, are shown as their pictures (U+2400 …).
public func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result.append(contentsOf: "&amp;".unicodeScalars)
        case "<": result.append(contentsOf: "&lt;".unicodeScalars)
        case ">": result.append(contentsOf: "&gt;".unicodeScalars)
        case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
        case "'": result.append(contentsOf: "&#39;".unicodeScalars)
        case "`": result.append(contentsOf: "&#96;".unicodeScalars)
        case "\t", "\n", "\r": result.append(scalar)
        case _ where scalar.value < 0x20: result.append(Unicode.Scalar(0x2400 + scalar.value) ?? "?")
        case "\u{7F}": result.append("\u{2421}")
        default: result.append(scalar)
        }
    }
    return String(result)
}

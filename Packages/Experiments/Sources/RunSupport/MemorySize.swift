import Reporting

/// An amount of memory, as people write it: `800MiB`, `1.5 GiB`, `2GB`, or a plain number of bytes.
package struct MemorySize: Sendable, Hashable {
    package let byteCount: Int

    package init(byteCount: Int) { self.byteCount = byteCount }

    /// Of more than 2⁵⁰ bytes no machine is made.
    private static let largest = 1 << 50
    private static let units: [(name: String, byteCount: Double)] = [
        ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40),
        ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1),
    ]
}

extension MemorySize: SettingValue {
    package init?(written text: String) {
        let number = text.prefix { ("0"..."9").contains($0) || $0 == "." },
            unit = text.dropFirst(number.count).drop { $0 == " " }
        guard let value = Double(number) else { return nil }
        let factor =
            unit.isEmpty ? 1 : MemorySize.units.first { $0.name.lowercased() == unit.lowercased() }?.byteCount
        guard let factor, value * factor >= 1, value * factor <= Double(MemorySize.largest) else { return nil }
        byteCount = Int((value * factor).rounded(.up))
    }

    package static func expectation(for text: String) -> String {
        "a size from 1 byte to 1024TiB expected, such as 800MiB, 2GiB or 1000000 (bytes)"
    }

    package var json: JSONValue { .integer(byteCount) }
}

extension MemorySize: CustomStringConvertible {
    /// In the largest binary unit of which it is at least one, to a tenth, rounded up: what is read back is not less.
    package var description: String {
        guard let unit = MemorySize.units[..<4].last(where: { Double(byteCount) >= $0.byteCount }) else {
            return "\(byteCount)B"
        }
        let tenths = Int((Double(byteCount) / unit.byteCount * 10).rounded(.up))
        return "\(tenths / 10)\(tenths % 10 == 0 ? "" : ".\(tenths % 10)")\(unit.name)"
    }
}

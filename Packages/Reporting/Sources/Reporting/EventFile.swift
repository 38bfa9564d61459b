import Foundation

/// Scalars as TensorBoard reads them: `events.out.tfevents.bilevel`, a record an event (TFRecord framing around `Event`
/// of tensorflow/core/util/event.proto), on the disk before the next begins.
public final class EventFile {
    private let handle: FileHandle
    private let path: String

    /// Begins the file anew.
    /// - Parameter run: a subfolder of `events`, which TensorBoard shows as a run of its own.
    public init(in folder: RunFolder, run: String? = nil) throws(ReportingError) {
        let place = run.map { "\(folder.path)/events/\(EventFile.fileName($0))" } ?? folder.path
        path = "\(place)/events.out.tfevents.bilevel"
        try? FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw .notWritten(file: path, reason: "it cannot be created") }
        self.handle = handle
        try write(EventFile.version(at: Date().timeIntervalSince1970))
    }

    /// Values that are not known are left out.
    public func append(step: Int, _ values: [(tag: String, value: Double?)]) throws(ReportingError) {
        try write(EventFile.event(step: step, values, at: Date().timeIntervalSince1970))
    }

    private func write(_ event: [UInt8]) throws(ReportingError) {
        do { try handle.write(contentsOf: Data(EventFile.record(event))) } catch {
            throw .notWritten(file: path, reason: "an event is lost (disk full?)")
        }
    }

    private static func fileName(_ run: String) -> String {
        String(String.UnicodeScalarView(run.unicodeScalars.map { $0 == "/" ? "-" : $0 }))
    }

    // MARK: Bytes

    static func version(at time: Double) -> [UInt8] {
        key(1, .eight) + fixed(time.bitPattern) + counted(3, Array("brain.Event:2".utf8))
    }

    static func event(step: Int, _ values: [(tag: String, value: Double?)], at time: Double) -> [UInt8] {
        var summary: [UInt8] = []
        for case (let tag, let value?) in values {
            summary += counted(1, counted(1, Array(tag.utf8)) + key(2, .four) + fixed(Float(value).bitPattern))
        }
        return key(1, .eight) + fixed(time.bitPattern) + key(2, .varint) + varint(UInt64(step)) + counted(5, summary)
    }

    /// Length, its checksum, the data, their checksum; CRC-32C, masked as TFRecord does.
    static func record(_ data: [UInt8]) -> [UInt8] {
        func checksum(_ bytes: [UInt8]) -> [UInt8] {
            let crc = crc32c(bytes)
            return fixed((crc >> 15 | crc << 17) &+ 0xa282_ead8)
        }
        let length = fixed(UInt64(data.count))
        return length + checksum(length) + data + checksum(data)
    }

    /// Castagnoli's polynomial, reflected.
    static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in (crc >> 8) ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
    }

    private static func fixed<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
    /// Protocol buffers' wire types.
    private enum Wire: UInt8 { case varint = 0, eight = 1, counted = 2, four = 5 }

    private static func key(_ number: UInt8, _ wire: Wire) -> [UInt8] { [number << 3 | wire.rawValue] }

    private static func counted(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        key(number, .counted) + varint(UInt64(content.count)) + content
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(truncatingIfNeeded: value) | 128] + varint(value >> 7)
    }
}

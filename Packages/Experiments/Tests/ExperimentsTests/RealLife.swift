import Datasets
import Foundation
import Testing

/// A folder like those that people have, which a test fills, and the commands as processes that read it.
///
/// Names are bytes: some are not UTF-8, and Foundation's paths are text.
///
/// The cases (public bug reports, files in the wild) have numbers, and tests that hold them:
///
/// | cases | what | tests here | tests of the readers (Datasets) |
/// |---|---|---|---|
/// | 01, 04, 04b, 48 | PNG of Apple's, JPEG among PNG | AdaptationCaseTests, TrainingCaseTests | PictureTests |
/// | 06, 07, 08b, 10, 43 | names | AdaptationCaseTests, TrainingCaseTests | FolderTests, BytePathTests |
/// | 09b, 21 | parts, split files | TrainingCaseTests | PartsTests, ClassSplitTests |
/// | 09c, 45 | sizes | AdaptationCaseTests, TrainingCaseTests | ImageFolderTests |
/// | 12, 14 | zip archives | TrainingCaseTests | OddZipTests, ZipArchiveTests |
/// | 15, 15b, 16b, 18, 46 | IDX and gzip | CleaningCaseTests | IDXFileTests, FileTests |
/// | 19 | CIFAR | CleaningCaseTests | PartsTests |
/// | 20 | pickles | TrainingCaseTests | PickleTests |
/// | 22 | drawings | AdaptationCaseTests | PNGTests |
/// | all at once | twenty classes | MixedFolderTests | FolderTests |
///
/// Those without files (standard error full or closed, two runs in one folder, Control-C, settings of another run) are
/// in CommandTests, HyperCleaningTests and FewShotTests; of `metrics.csv` in Reporting, of checkpoints in Tensors.
final class RealLife {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("life-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, making the folders above it.
    func write(_ bytes: [UInt8], _ name: String) throws { try write(bytes, Array(name.utf8)) }

    func write(_ bytes: [UInt8], _ name: [UInt8]) throws {
        let slash = UInt8(ascii: "/")
        for (index, byte) in name.enumerated() where byte == slash { _ = cString(name[..<index]) { mkdir($0, 0o777) } }
        let file = try #require(cString(name[...]) { fopen($0, "wb") })
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
    }

    private func cString<Result>(_ name: ArraySlice<UInt8>, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (Array("\(path)/".utf8) + name + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer {
            body($0.baseAddress!)
        }
    }

    /// What a command did.
    struct Answer {
        let status: Int32
        /// What it said on standard error, without the lines of its progress.
        let lines: [String]
        /// The folder it was to write.
        let output: String

        var wroteNothing: Bool { !FileManager.default.fileExists(atPath: output) }

        func text(_ name: String) -> String {
            (try? String(contentsOfFile: "\(output)/\(name)", encoding: .utf8)) ?? ""
        }

        /// An entry of summary.json.
        func summary<Value>(_ key: String, as type: Value.Type = Value.self) throws -> Value {
            let object = try JSONSerialization.jsonObject(with: Data(text("summary.json").utf8)) as? [String: Any]
            return try #require(object?[key] as? Value)
        }

        /// Refused as a person's mistake is: status 2, one line that holds all of these, nothing written.
        func expectRefusal(_ words: [String]) {
            let said = lines.joined(separator: "\n")
            #expect(status == 2 && lines.count == 1 && wroteNothing, "\(status), \(said)")
            for word in words { #expect(said.contains(word), "\(said)") }
        }
    }

    /// Runs few-shot or hyper-cleaning, which are built beside the tests, with an output folder of its own.
    func run(_ command: String, _ arguments: [String]) throws -> Answer {
        let identity = UUID().uuidString, output = "\(path)/out-\(identity)", errors = "\(path)/errors-\(identity)"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent(command)
        process.arguments = arguments + ["--output", output]
        process.standardOutput = FileHandle.nullDevice
        try Data().write(to: URL(fileURLWithPath: errors))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
        try process.run()
        process.waitUntilExit()
        let lines = try String(contentsOfFile: errors, encoding: .utf8).split(whereSeparator: \.isNewline)
            .map(String.init).filter { !$0.hasPrefix("\(command) ") }
        return Answer(status: process.terminationStatus, lines: lines, output: output)
    }

    /// `few-shot train` as short as it can be: 2 ways, 1 shot.
    func train(_ data: String, _ options: [String] = [], dataset: String = "folder") throws -> Answer {
        try run(
            "few-shot",
            ["train", "--dataset", dataset, "--data", "\(path)/\(data)", "--ways", "2"] + Self.shortest + options)
    }

    static let shortest = [
        "--shots", "1", "--queries", "1", "--backbone", "convnet4", "--hidden", "2", "--meta-iterations", "1",
        "--validate-every", "1", "--validation-episodes", "1", "--test-episodes", "1", "--meta-batch", "1",
        "--inner-iterations", "1", "--threads", "1",
    ]
}

/// Five drawings, dark on light: a bar, a box, a cross, a ring and a wedge.
enum Drawing: Int, CaseIterable {
    case bar, box, cross, ring, wedge

    /// - Parameter shift: pixels that it is moved to the right.
    func picture(side: Int = 28, shift: Int = 0) -> RasterImage {
        let pixels: [UInt8] = (0..<side * side).map { place in
            let x = Double(place % side - shift) / Double(side) - 0.5, y = Double(place / side) / Double(side) - 0.5
            let isInk =
                switch self {
                case .bar: abs(x) < 0.1 && abs(y) < 0.35
                case .box: max(abs(x), abs(y)) < 0.35 && max(abs(x), abs(y)) > 0.22
                case .cross: min(abs(x), abs(y)) < 0.08 && max(abs(x), abs(y)) < 0.35
                case .ring: 0.05...0.12 ~= x * x + y * y
                case .wedge: abs(x) < 0.35 && abs(y) < 0.35 && y > x
                }
            return isInk ? 0 : 255
        }
        return RasterImage(width: side, height: side, channels: 1, pixels: pixels)
    }

    func png(side: Int = 28, shift: Int = 0) -> [UInt8] { PNG.encode(picture(side: side, shift: shift)) }

    /// A bar of 28 x 28, as pillow writes it, baseline and progressive.
    static let jpegs = [
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71"
            + "////m8H////6/+b9//j/wAALCAAcABwBAREA/8QAGAABAQEBAQAAAAAAAAAAAAAAAAUDAQT/xAAiEAACAgIBBAMBAAAAAAAAAAAB"
            + "AgAEAxESBSE0YVFzsYH/2gAIAQEAAD8Aszz2L1es4TNk4sRvXEnt/JujrkRXU7VgCD6nYkDr/mp9Y/TLNLwsH1r+TaJH6vRsWbSv"
            + "hx8lCAb5Ad9n5lSsjY6uFGGmVFBHvU0iIif/2Q==",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71"
            + "////m8H////6/+b9//j/wgALCAAcABwBAREA/8QAFwABAQEBAAAAAAAAAAAAAAAAAAQCA//aAAgBAQAAAAGzn0ILNo6tB//EABsQ"
            + "AQACAgMAAAAAAAAAAAAAAAIAAxAyICEx/9oACAEBAAEFAomTPc37jTFoSR6PH//EABoQAAICAwAAAAAAAAAAAAAAAAABICEQcYH/"
            + "2gAIAQEABj8CLcOC1mkKX//EABwQAQACAgMBAAAAAAAAAAAAAAEAERAxIFFxof/aAAgBAQABPyGKVU+QQCac6o+Fky3FdwI3YHL/"
            + "2gAIAQEAAAAQ2/8A/8QAHxABAQABBAIDAAAAAAAAAAAAAREAECFRYSCBobHw/9oACAEBAAE/EMB2BZTt6xyqAj1r8d9ufucaySBL"
            + "BvXnDCgSdzy//9k=",
    ].map { [UInt8](Data(base64Encoded: $0)!) }
}

/// A zip archive of stored entries as a program of Windows or Unix might write it, and gzip without compression.
enum Packed {
    /// - Parameters:
    ///   - flags: 1 encrypted, 1 << 11 names in UTF-8.
    ///   - method: 0 stored; any other is what the archive claims.
    struct Entry {
        var name: String, content: [UInt8], flags = 0, method = 0
    }

    static func zip(_ entries: [Entry]) -> [UInt8] {
        var bytes: [UInt8] = [], directory: [UInt8] = []
        for entry in entries {
            let start = bytes.count, name = Array(entry.name.utf8)
            let common =
                little(entry.flags, 2) + little(entry.method, 2) + [0, 0, 0, 0]
                + little(Int(checksum(entry.content)), 4) + little(entry.content.count, 4)
                + little(entry.content.count, 4) + little(name.count, 2) + [0, 0]
            bytes += [0x50, 0x4B, 3, 4, 20, 0] + common + name + entry.content
            directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + common + [UInt8](repeating: 0, count: 10)
            directory += little(start, 4) + name
        }
        let start = bytes.count, count = little(entries.count, 2)
        return bytes + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count + little(directory.count, 4)
            + little(start, 4) + [0, 0]
    }

    /// RFC 1952, stored (RFC 1951): at most 65,535 bytes.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        [31, 139, 8, 0, 0, 0, 0, 0, 0, 255, 1] + little(bytes.count, 2) + little(~bytes.count, 2) + bytes
            + little(Int(checksum(bytes)), 4) + little(bytes.count, 4)
    }

    private static func little(_ number: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    /// CRC-32 (ISO 3309), bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}

import Datasets
import Foundation
import Randomness
import Testing

@Suite struct NPYFileTests {
    struct Saved: Decodable {
        let name: String, npy: Data, shape: [Int], floats: Data?, integers: Data?, texts: [String]?
    }

    struct Refused: Decodable {
        let name: String, npy: Data, complaint: String
    }

    static let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    static let six: [Float] = [1, -2, 3, 4, 5, 6]

    /// A file of a header of one's own and float32 elements.
    static func file(_ header: String, version: UInt8 = 1, _ elements: [Float] = six) -> [UInt8] {
        let length = header.utf8.count
        let start: [UInt8] =
            [0x93] + Array("NUMPY".utf8) + [version, 0, UInt8(length % 256), UInt8(length / 256)]
            + (version > 1 ? [0, 0] : [])
        return start + Array(header.utf8)
            + elements.flatMap { float in
                (0..<4).map { UInt8(truncatingIfNeeded: float.bitPattern >> UInt32(8 * $0)) }
            }
    }

    func complaint(about bytes: [UInt8], reading read: (NPYFile) throws -> Void = { _ = try $0.floats() }) -> String {
        DatasetsTests.complaint { try read(NPYFile(bytes: bytes, name: "a.npy")) }
    }

    @Test("arrays of every type and rank, in either order and version, hold what numpy wrote")
    func arrays() throws {
        for array in try JSONDecoder().decode([Saved].self, from: fixture("npy.json")) {
            let file = try NPYFile(bytes: [UInt8](array.npy), name: array.name)
            #expect(file.shape == array.shape, "\(array.name)")
            if let floats = array.floats {
                let expected = floats.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
                #expect(try file.floats().map(\.bitPattern) == expected, "\(array.name)")
                let last = file.rowCount - 1
                #expect(
                    try file.floats(rows: last..<file.rowCount).map(\.bitPattern) == expected.suffix(file.rowSize),
                    "\(array.name), last row")
            }
            if let integers = array.integers {
                let expected = integers.withUnsafeBytes { Array($0.bindMemory(to: Int64.self)) }
                #expect(try file.integers().map { Int64($0) } == expected, "\(array.name)")
            }
            if let texts = array.texts { #expect(try file.texts() == texts, "\(array.name)") }
        }
    }

    @Test("a file and its bytes hold the same array, and errors name the file")
    func files() throws {
        let scratch = try Scratch()
        try scratch.write(Self.file(Self.header), "a.npy")
        let path = "\(scratch.path)/a.npy"
        #expect(try NPYFile(path: path).floats() == Self.six)
        #expect(DatasetsTests.complaint { _ = try NPYFile(path: path).texts() }.hasPrefix("\(path): "))
        #expect(
            DatasetsTests.complaint { _ = try NPYFile(path: scratch.path) }
                == "\(scratch.path): a regular file expected, it is a folder")
    }

    @Test(
        "headers are read as Python reads them",
        arguments: [
            "{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}\n",
            "{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2L,3L,)}",
            " { 'descr' : '=f4' ,\n 'fortran_order' : False , 'shape' : ( 2 , 3 ) , }      ",
        ])
    func otherHeaders(header: String) throws {
        for version: UInt8 in 1...3 {
            #expect(
                try NPYFile(bytes: Self.file(header, version: version), name: "a.npy").floats() == Self.six)
        }
    }

    @Test(
        "a header that does not describe the file is refused, with what was expected",
        arguments: [
            ("'<f4', 'fortran_order': False, 'shape': (2, 4)", "32 bytes of float32 for the shape [2, 4] expected"),
            ("'<f4', 'fortran_order': False, 'shape': (2, 2)", "16 bytes of float32 for the shape [2, 2] expected"),
            ("'<f4', 'fortran_order': False, 'shape': (0, 3)", "at least one element expected, got the shape [0, 3]"),
            (
                "'<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)",
                "more than 2^63 bytes of float32 for the shape"
            ),
            ("'<f4', 'fortran_order': False, 'shape': (99999999999999999999,)", "a dictionary of descr"),
            ("'<f4', 'fortran_order': False, 'shape': (-2, -3)", "a dictionary of descr"),
            ("'<f4', 'fortran_order': False, 'shape': [2, 3]", "a dictionary of descr"),
            ("'<f4', 'fortran_order': 0, 'shape': (2, 3)", "a dictionary of descr"),
            ("'<f4', 'fortran_order': False", "a dictionary of descr"),
            ("'<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 'y'", "a dictionary of descr"),
            ("'<f4', 'fortran_order': False, 'shape': (2, 3), 'descr': '<f8'", "a dictionary of descr"),
            ("'f4', 'fortran_order': False, 'shape': (2, 3)", "a NumPy type such as <f4 expected"),
            ("'<f3', 'fortran_order': False, 'shape': (2, 3)", "got the NumPy type <f3"),
            ("'<U99999999999999999999', 'fortran_order': False, 'shape': (2, 3)", "got the NumPy type <U9"),
        ])
    func misfits(entries: String, complaint: String) {
        #expect(self.complaint(about: Self.file("{'descr': \(entries)}")).contains(complaint))
        #expect(self.complaint(about: Self.file("{'descr': \(entries)}")).hasPrefix("a.npy: "))
    }

    @Test("a file that is cut off, or with bytes behind, is refused at every length")
    func lengths() {
        let bytes = Self.file(Self.header)
        for length in 0..<bytes.count {
            #expect(complaint(about: Array(bytes[..<length])).contains("expected"), "cut off after \(length) bytes")
        }
        #expect(complaint(about: bytes + [0]).contains("24 bytes of float32 for the shape [2, 3] expected"))
        #expect(complaint(about: bytes + [0]).contains("the file has 25"))
        // Two arrays one behind the other, as numpy.save writes them into one open file.
        #expect(complaint(about: bytes + bytes).contains("the file has"))
        var long = Self.file(Self.header, version: 2)
        long[8..<12] = [255, 255, 255, 255]
        #expect(complaint(about: long).contains("a .npy header of at most 10000 bytes expected, it claims 4294967295"))
        #expect(complaint(about: Self.file(Self.header, version: 4)).contains("version 1, 2 or 3 expected at byte 6"))
    }

    @Test("arrays of other kinds are refused by name")
    func refused() throws {
        for array in try JSONDecoder().decode([Refused].self, from: fixture("refused-npy.json")) {
            let complaint = complaint(about: [UInt8](array.npy))
            #expect(complaint.contains(array.complaint) && complaint.contains("expected"), "\(array.name)")
        }
        for (text, name) in [
            ("<!DOCTYPE html>", "an HTML page"), ("version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
            ("", "an empty file"), ("1.0,2.0\n", "begins otherwise"),
        ] { #expect(complaint(about: Array(text.utf8)).contains(name)) }
    }

    @Test("numbers that are not finite are refused with their row", arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(number: Float) throws {
        var elements = Self.six
        elements[5] = number
        #expect(
            complaint(about: Self.file(Self.header, elements))
                == "a.npy: row 1, column 2 (from 0): a finite number expected, got \(number)")
        // Column-major: what is stored last is the last of the last row here too; stored fourth, (1, 1).
        let fortran = Self.header.replacing("False", with: "True")
        elements = Self.six
        elements[3] = number
        #expect(complaint(about: Self.file(fortran, elements)).contains("row 1, column 1 (from 0)"))
        #expect(try NPYFile(bytes: Self.file(fortran, elements), name: "a").floats(rows: 0..<1) == [1, 3, 5])
    }

    @Test("numbers beyond the type that is asked for are refused with their row")
    func range() {
        func file(_ type: String, _ bits: UInt64...) -> [UInt8] {
            Self.file("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(bits.count),)}", [])
                + bits.flatMap { bits in (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) } }
        }
        let integers: (NPYFile) throws -> Void = { _ = try $0.integers() }
        #expect(complaint(about: file("<f8", 0, 1e300.bitPattern)).contains("row 1 (from 0): a finite number within"))
        #expect(complaint(about: file("<u8", 0, 1 << 63), reading: integers).contains("row 1 (from 0): an integer"))
        #expect(complaint(about: file("<f8", 3.0.bitPattern, 0.5.bitPattern), reading: integers).contains("got 0.5"))
        #expect(complaint(about: file("<f8", Double.nan.bitPattern), reading: integers).contains("got nan"))
        #expect(try! NPYFile(bytes: file("<f8", 3.0.bitPattern), name: "a").integers() == [3])
        #expect(try! NPYFile(bytes: file("<u8", 1 << 63), name: "a").floats() == [0x1p63])
        #expect(complaint(about: file("<U2", 0x11_0000), reading: { _ = try $0.texts() }).contains("text in Unicode"))
        #expect(complaint(about: file("<i8", 1), reading: { _ = try $0.texts() }).contains("got the NumPy type int64"))
    }
}

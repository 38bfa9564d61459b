import Foundation
import Tensors

/// The folder through which `Tools/benchmark` hands raw arrays over, and the JSON lines that answer it.
package struct BenchmarkExchange: Sendable {
    private let folder: URL

    package init(_ path: String) { folder = URL(fileURLWithPath: path) }

    package func file(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

    package func array<T>(_ name: String, as _: T.Type = T.self) throws -> [T] {
        try file(name).withUnsafeBytes { bytes in
            [T](unsafeUninitializedCapacity: bytes.count / MemoryLayout<T>.stride) { buffer, count in
                count = bytes.copyBytes(to: buffer) / MemoryLayout<T>.stride
            }
        }
    }

    /// Float32 values as a leaf of another precision.
    package func tensor(_ name: String, _ shape: Shape, _ type: ElementType) throws -> Tensor {
        try Tensor(array(name, as: Float.self), shape: shape).converted(to: type).evaluated()
    }

    package func write(_ bytes: Data, to name: String) throws {
        try bytes.write(to: folder.appendingPathComponent(name))
    }

    /// At once, for who waits at the other end.
    package static func answer(_ line: String) {
        print(line)
        fflush(nil)
    }
}

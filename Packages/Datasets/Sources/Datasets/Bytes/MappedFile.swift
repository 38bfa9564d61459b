#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file's bytes, mapped read-only into memory: opening is immediate, and only the pages that are read are loaded.
///
/// `@unchecked Sendable`: the mapping is never written through and lives as long as this object. (As with any mapping,
/// a file cut short by another program while in use ends this one; caches are therefore replaced by renaming, never
/// rewritten.)
public final class MappedFile: @unchecked Sendable {
    /// As it was given.
    public let path: String
    /// Read through `withBytes` and the subscripts only: a pointer does not keep this object, and so the mapping,
    /// alive.
    private let bytes: UnsafeRawBufferPointer
    private let modified: Int

    /// Maps a file; an empty one too.
    public convenience init(path: String) throws(DatasetError) { try self.init(BytePath(path)) }

    /// Maps a file; an empty one too.
    /// - Throws: `DatasetError` where it is missing or no file.
    public init(_ file: BytePath) throws(DatasetError) {
        let path = file.description
        // O_NONBLOCK, so that a pipe is refused below and not waited for.
        let descriptor = file.withCString { open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else {
            let isMissing = errno == ENOENT || errno == ENOTDIR
            throw isMissing
                ? .missing(at: path, "the file is missing or cannot be read")
                : .unreadable(at: path, "a file that can be read expected, \(FolderWalk.reason(errno))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw .unreadable(at: path, "a regular file expected" + (isFolder ? ", it is a folder" : ""))
        }
        let count = Int(status.st_size)
        self.path = path
        modified = Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw .unreadable(at: path, "the file cannot be mapped into memory (\(count) bytes)")
        }
        bytes = UnsafeRawBufferPointer(start: address, count: count)
    }

    deinit {
        if let address = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
    }

    /// Its length in bytes.
    public var count: Int { bytes.count }

    /// Changes when the file does: SHA-256 over its size, modification time, first and last 64 KiB (a whole ImageNet
    /// pickle would take seconds at every start).
    func fingerprint() -> String {
        var digest = SHA256()
        digest.update(Array("\(count) \(modified)".utf8))
        digest.update(self[0..<min(count, 1 << 16)])
        digest.update(self[max(0, count - 1 << 16)..<count])
        return digest.finalized()
    }

    /// The bytes of `range` in place, for as long as `body` runs.
    public func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withExtendedLifetime(self) { () throws(Failure) -> Result in
            try body(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }

    /// A copy of some bytes.
    public subscript(range: Range<Int>) -> [UInt8] { withBytes(range) { Array($0) } }

    /// The byte at an offset from 0.
    public subscript(index: Int) -> UInt8 { withExtendedLifetime(self) { bytes[index] } }

    /// A small file's bytes.
    static func contents(of path: String) throws(DatasetError) -> [UInt8] { try contents(of: BytePath(path)) }

    static func contents(of path: BytePath) throws(DatasetError) -> [UInt8] {
        let file = try MappedFile(path)
        return file[0..<file.count]
    }

    /// A little-endian unsigned integer of `width` bytes at `offset`, nil beyond the end.
    func integer(at offset: Int, width: Int) -> Int? {
        guard offset >= 0, width <= 8, offset <= count - width else { return nil }
        var value: UInt64 = 0
        for i in 0..<width { value |= UInt64(self[offset + i]) << UInt64(8 * i) }
        return Int(exactly: value)
    }
}

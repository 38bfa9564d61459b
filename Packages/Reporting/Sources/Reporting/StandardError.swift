import Foundation

/// Text for a person at the terminal. What cannot be written is lost and nothing else: a run does not end because its
/// terminal was closed, its log's disk is full, or nobody reads the pipe any more.
public enum StandardError {
    /// Writes what can be written.
    public static func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(2, $0.baseAddress!, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// A broken pipe is an error that a write reports, not a signal that ends the process; and descriptors 0 to 2 that
    /// were closed at the start lead nowhere, before a file of the run gets one of these numbers and with it all
    /// that is said. Call first of all.
    public static func prepareProcess() {
        signal(SIGPIPE, SIG_IGN)
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // The lowest free number is given: those below are open already.
            _ = open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
        }
    }
}

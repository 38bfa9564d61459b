import Dispatch
import Foundation
import Reporting
import Synchronization

/// Turns the first SIGINT (control-C) or SIGTERM into a wish to stop after the present step, and says so at once; a
/// second one ends the process as if nobody had listened. (Files are whole or not there, so the last checkpoint stays.)
package final class StopSignal: Sendable {
    private let wished = Atomic(false)
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]  // only cancelled, in deinit

    /// - Parameter label: the command that speaks.
    package init(_ label: String) {
        let queue = DispatchQueue(label: "stop", qos: .userInteractive)
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for source in sources {
            source.setEventHandler { [weak self] in
                guard self?.wished.exchange(true, ordering: .relaxed) == false else { return StopSignal.end(source) }
                StandardError.write(
                    "\n\(label): stopping after the present step, then a report of what there is; "
                        + "once more ends at once\n")
            }
            source.resume()
        }
    }

    /// As the signal would have ended the process. It may have been started with all signals blocked, and hands that on
    /// to its threads: here it is let through.
    private static func end(_ source: any DispatchSourceSignal) {
        let number = Int32(truncatingIfNeeded: source.handle)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        signal(number, SIG_DFL)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        kill(getpid(), number)
    }

    deinit {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }

    package var isWished: Bool { wished.load(ordering: .relaxed) }
}

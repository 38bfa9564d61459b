import Dispatch
import Foundation
import Synchronization

/// Turns the first interruption (control-C) into a wish to stop after the current iteration; the second one kills.
public final class StopSignal: Sendable {
    private let wished = Atomic(false)
    private nonisolated(unsafe) let source: any DispatchSourceSignal  // only cancelled, in deinit

    public init() {
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: DispatchQueue(label: "stop"))
        signal(SIGINT, SIG_IGN)
        source.setEventHandler { [weak self] in
            self?.wished.store(true, ordering: .relaxed)
            signal(SIGINT, SIG_DFL)
        }
        source.resume()
    }

    deinit { source.cancel() }

    public var isWished: Bool { wished.load(ordering: .relaxed) }
}

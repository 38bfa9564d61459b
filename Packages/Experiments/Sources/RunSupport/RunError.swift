import Foundation

/// Why a run cannot begin or its results are none, in one line.
package enum RunError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A result that is not a finite number.
    case notFinite(place: String, quantity: String)
    /// Settings that ask for more memory than the machine has.
    case tooLarge(settings: String, bytes: Double, available: Double)

    package var description: String {
        switch self {
        case .notFinite(let place, let quantity):
            "\(place): finite numbers expected, \(quantity) are not; fewer or smaller lower steps may help"
        case .tooLarge(let settings, let bytes, let available):
            String(format: "\(settings): at most %.1f GiB of memory expected, they need %.1f GiB", available, bytes)
        }
    }

    /// That the states of a lower loop can be had at all, before they are asked for.
    /// - Parameters:
    ///   - innerIterations: K; K + 1 states are kept.
    ///   - bytesPerState: of y.
    ///   - copies: loops that run at once.
    package static func checkMemory(innerIterations: Int, bytesPerState: Int, copies: Int = 1) throws(RunError) {
        let bytes = (Double(innerIterations) + 1) * Double(bytesPerState) * Double(copies)
        let available = Double(ProcessInfo.processInfo.physicalMemory)
        if bytes > available {
            throw .tooLarge(
                settings: "--inner-iterations \(innerIterations)", bytes: bytes / 0x1p30, available: available / 0x1p30)
        }
    }
}

/// An error about data, with the layout that was expected.
package struct LayoutError: Error, CustomStringConvertible {
    package let description: String

    package init(_ error: any Error, layout: String) { description = "\(error) (expected: \(layout))" }
}

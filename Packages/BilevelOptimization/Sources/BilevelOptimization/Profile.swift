import Foundation
import Tensors

/// Where the time of an upper iteration goes: the instructions of its programs, each timed in one replay, and how often
/// each program runs.
public struct Profile: Sendable {
    /// A program and how its time is spent.
    public struct Part: Sendable {
        /// What it computes.
        public let program: String
        /// Replays in the last iteration.
        public let runs: Int
        /// In the order in which they run.
        public let instructions: [InstructionTime]
    }

    /// Programs that ran, in the order of an iteration.
    public let parts: [Part]

    private func total(_ quantity: (InstructionTime) -> Double) -> Double {
        parts.reduce(0) { sum, part in sum + Double(part.runs) * part.instructions.reduce(0) { $0 + quantity($1) } }
    }

    private var productSeconds: Double { total { $0.isProduct ? $0.seconds : 0 } }

    /// The share of matrix products and convolutions in the time, in [0, 1].
    public var productShare: Double { productSeconds / total(\.seconds) }

    /// Their floating-point operations a second.
    public var productRate: Double { total { $0.isProduct ? Double($0.floatingPointOperations) : 0 } / productSeconds }
}

extension Profile: CustomStringConvertible {
    /// A line an instruction with its time and speed, then the share of matrix products and convolutions.
    public var description: String {
        let lines = parts.flatMap { part in
            part.instructions.map { entry in
                String(
                    format: "%9.1f µs %6.1f GFLOP/s  ", entry.seconds * 1e6,
                    Double(entry.floatingPointOperations) / entry.seconds * 1e-9)
                    + "\(part.program): \(entry.instruction)"
            }
        }
        let runs = parts.map { "\($0.runs) × \($0.program)" }.joined(separator: ", ")
        return
            (lines + [
                "an iteration: \(runs)",
                String(
                    format: "matrix products: %.0f %% of the time, %.1f GFLOP/s", 100 * productShare, productRate * 1e-9
                ),
            ]).joined(separator: "\n")
    }
}

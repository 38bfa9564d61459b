import Foundation

/// Shows how far a long computation is: a bar that redraws itself on a terminal, a plain line now and then elsewhere.
public struct ProgressBar {
    private let label: String
    private let total: Int, doneBefore: Int
    private let isTerminal: Bool
    private let write: (String) -> Void
    private let now: () -> Double
    private let start: Double
    private var lastShown = -Double.infinity

    /// Writes to standard error, by the system's clock.
    /// - Parameter doneBefore: by the earlier part of a resumed computation: it says nothing of the speed.
    public init(label: String, total: Int, doneBefore: Int = 0) {
        self.init(
            label: label, total: total, doneBefore: doneBefore, isTerminal: isatty(2) == 1,
            write: StandardError.write, now: { ProcessInfo.processInfo.systemUptime })
    }

    /// - Parameter now: seconds.
    public init(
        label: String, total: Int, doneBefore: Int = 0, isTerminal: Bool, write: @escaping (String) -> Void,
        now: @escaping () -> Double
    ) {
        self.label = label
        self.total = total
        self.doneBefore = doneBefore
        self.isTerminal = isTerminal
        self.write = write
        self.now = now
        start = now()
    }

    /// Shows that `done` of the total are done, with a text behind it.
    public mutating func update(_ done: Int, _ text: String) {
        let time = now()
        guard done == total || time - lastShown >= (isTerminal ? 0.1 : 15) else { return }
        lastShown = time
        let elapsed = time - start, share = total > 0 ? min(max(Double(done) / Double(total), 0), 1) : 1
        let remaining = done > doneBefore ? elapsed * Double(total - done) / Double(done - doneBefore) : .nan
        let times = "\(ProgressBar.duration(elapsed)) elapsed, \(ProgressBar.duration(remaining)) left"
        if isTerminal {
            let filled = Int(share * 30)
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
            write("\r\u{1B}[2K\(label) \(bar) \(done)/\(total)  \(text)  \(times)")
        } else {
            write("\(label) \(done)/\(total)  \(text)  \(times)\n")
        }
    }

    /// Ends the bar's line.
    public func finish() { if isTerminal { write("\n") } }

    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "?" }
        let whole = Int(seconds.rounded())
        return whole < 60
            ? "\(whole)s" : whole < 3600 ? "\(whole / 60)m\(whole % 60)s" : "\(whole / 3600)h\(whole % 3600 / 60)m"
    }
}

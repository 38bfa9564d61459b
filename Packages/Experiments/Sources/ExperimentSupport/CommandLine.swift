import Foundation

/// What every command does alike.
public enum CommandLine {
    /// `runs/<command>-<date>`, where no folder was named.
    public static func defaultOutput(_ command: String) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "yyyyMMdd-HHmmss"
        return "runs/\(command)-\(format.string(from: Date()))"
    }

    /// One line on standard error.
    public static func complain(_ command: String, _ error: any Error) {
        FileHandle.standardError.write(Data("\(command): \(error)\n".utf8))
    }
}

import ArgumentParser
import BilevelOptimization
import Foundation
import Reporting

/// The version of the experiments, as in their VERSION file.
package let codeVersion = "0.1.0"

/// What every command does alike: where it writes, and how it ends.
package protocol RunCommand: ParsableCommand {
    /// Before an error, in its one line.
    static var label: String { get }
    func execute() throws
}

extension RunCommand {
    /// Wrong data, files and folders end with one line on standard error and status 2. (Wrong options end before, with
    /// the parser's message and status 64.)
    package func run() throws {
        do { try execute() } catch let error where !(error is ExitCode || error is ValidationError) {
            let isRefusedSystem = if case SolverError.adjointFailed = error { true } else { false }
            StandardError.write(
                "\(Self.label): \(error)\(isRefusedSystem ? " (--accept-failed-adjoint)" : "")\n")
            throw (error as? RunError)?.isAboutSettings == true ? ExitCode.validationFailure : ExitCode(2)
        }
    }
}

/// `runs/<command>-<date>`, where no folder was named.
package func defaultOutput(_ command: String) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "yyyyMMdd-HHmmss"
    return "runs/\(command)-\(format.string(from: Date()))"
}

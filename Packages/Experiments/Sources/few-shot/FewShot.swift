import ArgumentParser
import Datasets
import ExperimentSupport
import Foundation

extension FewShotDataset: @retroactive ExpressibleByArgument {}
extension FewShotProblem.BackboneName: ExpressibleByArgument {}
extension FewShotProblem.HeadName: ExpressibleByArgument {}
extension FewShotProblem.Regularizer: ExpressibleByArgument {}
extension FewShotConfiguration.MethodName: ExpressibleByArgument {}

@main
struct FewShot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "few-shot",
        abstract: "Learns to classify from a few examples: a shared backbone, a head for each task.",
        subcommands: [Train.self, Evaluate.self, Adapt.self])
}

/// Every data set but the generated one lies somewhere.
func checkData(_ dataset: FewShotDataset, at path: String) throws {
    if dataset != .glyphs, path.isEmpty {
        throw ValidationError("--data: the folder or archive of \(dataset.rawValue) expected; only glyphs needs none")
    }
}

/// Ends with one line on standard error and status 2.
func reportingErrors(_ body: () throws -> Void) throws {
    do { try body() } catch let error where !(error is ExitCode) {
        CommandLine.complain("few-shot", error)
        throw ExitCode(2)
    }
}

import ArgumentParser
import Datasets
import FewShotSupport
import Foundation
import Reporting
import RunSupport

@main
struct FewShot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "few-shot",
        abstract: "Learns to classify from a few examples: a shared backbone, a head for each task.",
        subcommands: [Train.self, Evaluate.self, Adapt.self])

    static func main() {
        StandardError.prepareProcess()
        main(nil)
    }
}

extension RunCommand {
    static var label: String { "few-shot" }
}

/// Every data set but the generated one lies somewhere.
func checkData(_ configuration: FewShotConfiguration) throws {
    if configuration.dataset != .glyphs, configuration.dataPath.isEmpty {
        throw ValidationError(
            "--data: the folder or archive of \(configuration.dataset.rawValue) expected; only glyphs needs none")
    }
}

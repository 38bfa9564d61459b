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

/// The images that a configuration asks for; what was not read of them is said.
func load(_ configuration: FewShotConfiguration, preparation: ImagePreparation?, cache: String?) throws
    -> FewShotData
{
    do {
        let images = try FewShotData.load(
            configuration.dataset, path: configuration.dataPath, splitDirectory: configuration.splitDirectory,
            preparation: preparation, cache: ImageCache(directory: cache), seed: configuration.seed)
        for remark in images.remarks { StandardError.write("\(remark)\n") }
        return images
    } catch {
        switch error {
        case .missing, .unreadable, .impossible:
            guard let layout = configuration.dataset.layout else { throw error }
            throw LayoutError(error, layout: layout)
        default: throw error
        }
    }
}

/// Every data set but the generated one lies somewhere.
func checkData(_ configuration: FewShotConfiguration) throws {
    if configuration.dataset != .glyphs, configuration.dataPath.isEmpty {
        throw ValidationError(
            "--data: the folder or archive of \(configuration.dataset.rawValue) expected; only glyphs needs none")
    }
}

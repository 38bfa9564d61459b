import ArgumentParser
import Datasets
import FewShotSupport
import Reporting
import RunSupport

extension RunCommand {
    static var label: String { "few-shot" }
}

/// The images that a configuration asks for.
/// - Parameter splitSeed: by which a plain folder's classes were drawn for their parts in training.
func load(
    _ configuration: FewShotConfiguration, preparation: ImagePreparation?, cache: String?, splitSeed: UInt64? = nil
) throws -> FewShotData {
    do {
        return try FewShotData.load(
            configuration.dataset, path: configuration.dataPath, splitDirectory: configuration.splitDirectory,
            preparation: preparation, cache: ImageCache(directory: cache),
            seed: configuration.dataset == .folder ? splitSeed ?? configuration.seed : configuration.seed,
            ways: configuration.ways, trainWays: configuration.trainWays)
    } catch {
        switch error {
        case .missing, .unreadable, .impossible:
            guard let layout = configuration.dataset.layout else { throw error }
            throw LayoutError(error, layout: layout)
        default: throw error
        }
    }
}

/// Says what was not read, once nothing can be wrong any more: an error is one line.
func say(_ remarks: [String]) {
    for remark in remarks { StandardError.write("\(remark)\n") }
}

/// Every data set but the generated one lies somewhere.
func checkData(_ configuration: FewShotConfiguration) throws {
    if configuration.dataset != .glyphs, configuration.dataPath.isEmpty {
        throw ValidationError(
            "--data: the folder or archive of \(configuration.dataset.rawValue) expected; only glyphs needs none")
    }
}

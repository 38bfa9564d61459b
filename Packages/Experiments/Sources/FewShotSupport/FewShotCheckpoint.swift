import Datasets
import NeuralLayers
import RunSupport
import Tensors

/// What checkpoints of few-shot training tell whoever uses their variables again.
extension FewShotConfiguration {
    /// The settings that a checkpoint was made with, as far as they decide its variables.
    package init(checkpoint: Checkpoint, file: String) throws(CheckpointError) {
        self.init()
        for setting in FewShotSettings.architecture {
            let note = checkpoint.notes[setting.name] ?? setting.missing?.plainText
            guard let note, let given = try? setting.restore(note) else {
                throw CheckpointError(
                    expected: "few-shot train with its \(setting.name)", got: note ?? "none", file: file)
            }
            given.apply(to: &self)
        }
        let features = FewShotSettings.headFeatures, expected = features.json(self).plainText,
            got = checkpoint.notes[features.name] ?? features.missing?.plainText ?? ""
        guard got == expected else {
            throw CheckpointError(expected: "\(features.name) \(expected)", got: got, file: file)
        }
        trainedInnerIterations = innerIterations
    }
}

extension Checkpoint {
    /// The meta-iteration of the selected variables.
    var selectedIteration: Int? { notes["bestIteration"].flatMap { Int($0) } ?? notes["iteration"].flatMap { Int($0) } }

    /// Of the images that it was trained on.
    func image(file: String) throws(CheckpointError) -> (channels: Int, height: Int, width: Int) {
        let sizes = (notes["image"] ?? "").split(separator: " x ").compactMap { Int($0) }
        guard sizes.count == 3, sizes.allSatisfy({ 1...65_535 ~= $0 }) else {
            throw CheckpointError(
                expected: "the size of the images that few-shot train read", got: notes["image"] ?? "none", file: file)
        }
        return (sizes[0], sizes[1], sizes[2])
    }

    /// Of the selected variables' normalizations; nil where it holds none.
    func statistics(like template: [ChannelStatistics], file: String) throws(CheckpointError) -> [ChannelStatistics]? {
        guard tensors.contains(where: { $0.name.hasPrefix("selected.statistics") }) else { return nil }
        return try restored(template, from: "selected.statistics", file: file)
    }

    /// Pictures as those that it was trained on.
    package func preparation(of dataset: FewShotDataset, file: String) throws(CheckpointError) -> ImagePreparation {
        let image = try image(file: file)
        var preparation = dataset.preparation
        preparation.channels = image.channels
        preparation.size = ImagePreparation.Size(height: image.height, width: image.width)
        return preparation
    }
}
